import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { newWebhookSecret } from '#gateway/platform/net/webhook-signature.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { freePort } from '#simulators/free-port.js'
import { connected, mqttClient, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { TestHome } from '#test/support/home.js'

/** The end of everything that is still to be delivered, and of what hangs. */
const DRAIN_SECONDS = 2
const STOP_MS = 15_000

/** A far end that answers for ever, a byte now and then. */
class Dripping {
  readonly underWay = new Set<IncomingMessage>()
  readonly #server: Server

  /** @param answer what it answers whole; null: it drips */
  constructor(answer: (request: IncomingMessage, body: string) => Promise<string | null>) {
    this.#server = createServer(async (request, response) => {
      const whole = await answer(request, await text(request))
      request.socket.on('error', () => {})
      if (whole !== null) return response.setHeader('content-type', 'application/json').end(whole)
      this.underWay.add(request)
      // Not even its headers end: some far ends are asked for no more than these.
      const { socket } = request
      socket.write('HTTP/1.1 200 OK\r\nx-drop: ')
      const drop = setInterval(() => socket.write('.'), 100)
      socket.once('close', () => {
        clearInterval(drop)
        this.underWay.delete(request)
      })
      return undefined
    })
  }

  async start(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

describe('homebeat start, stopped while every far end drips', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const chain = new ChainSimulator({ port: 0 })
  const ends: Dripping[] = []
  let running: ChildProcess | undefined
  let log = ''

  before(() => chain.start())
  after(async () => {
    running?.kill('SIGKILL')
    for (const end of ends) end.stop()
    await chain.stop()
    home.remove()
  })

  async function dripping(answer: (request: IncomingMessage, body: string) => Promise<string | null>) {
    const end = new Dripping(answer)
    ends.push(end)
    return { end, url: await end.start() }
  }

  async function until(is: () => boolean): Promise<void> {
    while (!is()) {
      if (running?.exitCode !== null) throw new Error(`the gateway ended: ${log}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async function start(): Promise<ChildProcess> {
    const program = join(packageRoot, 'dist/gateway/main.js')
    const config = join(home.folder, 'homebeat.yaml')
    const args = [program, 'start', '-c', config, '--drain-seconds', String(DRAIN_SECONDS)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    running = child
    child.stderr?.setEncoding('utf8').on('data', (said: string) => {
      log += said
    })
    await until(() => readRunFile(home.dataDir)?.pid === child.pid)
    return child
  }

  /** @returns how long it took, ms */
  async function stop(child: ChildProcess): Promise<number> {
    const asked = performance.now()
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    const [code] = await closed
    expect(code, log).to.equal(0)
    return performance.now() - asked
  }

  it('ends with 0 in its time, and leaves its ports and its journal to the next', async () => {
    let anchors = false
    const node = await dripping(async (_request, body) => {
      anchors ||= body.includes('eth_sendRawTransaction')
      if (anchors) return null
      return (await fetch(chain.url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).text()
    })
    const fhir = await dripping(async ({ method }) => (method === 'GET' ? '{}' : null))
    const webhook = await dripping(async () => null)
    const clinic = await dripping(async () => null)
    await chain.enrol(await home.gatewayAddress())
    await writeSecret(home.folder, 'meter', 'a-secret-of-the-meter')
    writeFileSync(join(home.folder, 'clinic'), newWebhookSecret(), { mode: 0o600 })
    const [broker, page] = [await freePort(), await freePort()]
    home.configure({
      log: { level: 'info' },
      console: { port: page },
      transports: [
        { name: 'b', url: `mqtt+broker://127.0.0.1:${broker}`, devices: [{ id: 'meter', secretFile: 'meter' }] },
      ],
      batches: { cron: '* * * * * *' },
      fhir: { targets: [{ name: 'care', url: `${fhir.url}/fhir`, mode: 'clear' }] },
      alerts: { channels: [{ type: 'webhook', name: 'duty', url: `${webhook.url}/hook` }] },
      liveness: { targets: [{ name: 'clinic', url: `${clinic.url}/beat`, secretFile: 'clinic', everySeconds: 1 }] },
      chain: { endpoints: [node.url], chainId: chain.chainId, contract: chain.contract, pollSeconds: 0.1 },
    })
    const first = await start()
    const meter = { clientId: 'meter', username: 'meter', password: 'a-secret-of-the-meter' }
    const client = await connected(mqttClient(broker, meter))
    await client.publishAsync('homebeat/v1/meter/glucose', '{"id":"1","value":45,"unit":"mg/dL"}', { qos: 1 })
    await client.endAsync()
    await until(() => ends.every(({ underWay }) => underWay.size > 0))
    expect(await stop(first)).to.be.below(STOP_MS)
    expect(log).to.contain('gateway stopped')
    expect(await stop(await start())).to.be.below(STOP_MS)
  })
})
