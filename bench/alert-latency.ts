/**
 * From the message that completes a condition to the channel's hand-off, beyond the configured delay, in a real gateway
 * process that also reads a kit at full rate while its FHIR server hangs and its chain is down. The hand-off is counted
 * when the webhook's far end has the whole request, so HTTP over loopback is part of it. The baseline, of the same
 * messages: from sending to the acknowledgement that the reading is durable.
 *
 * npm run bench:alert-latency [-- --json] [-- --samples 200]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import mqtt from 'mqtt'
import { stringify } from 'yaml'
import { packageRoot } from '#gateway/platform/package-root.js'
import { freePort } from '#simulators/free-port.js'

const json = process.argv.includes('--json')
const asked = process.argv.indexOf('--samples')
const samples = asked > 0 ? Number(process.argv[asked + 1]) : 200
if (!(Number.isInteger(samples) && samples > 0)) {
  process.stderr.write('give --samples a whole number above 0\n')
  process.exit(1)
}
const WARM_UP = 10
const PATIENCE_MS = 30_000
/** mg/dL: beyond the limit of high-glucose, which has no delay, and well back. */
const [ILL, WELL] = [350, 110]
const DEVICE = 'meter-1'
const SECRET = 'bench-secret-of-the-meter'

/** The far end of the webhook: resolves whoever waits for a state of the alert. */
class Doctor {
  readonly server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    request.on('end', () => {
      const at = performance.now()
      response.writeHead(204).end()
      const { condition, reason } = JSON.parse(text) as { condition: string; reason: string }
      if (condition !== 'high-glucose') return
      this.#waiting.get(reason)?.(at)
      this.#waiting.delete(reason)
    })
  })
  readonly #waiting = new Map<string, (at: number) => void>()

  /** @returns when the message came, on this process's monotonic clock, ms */
  message(reason: 'raised' | 'cleared'): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no message "${reason}" in ${PATIENCE_MS / 1000} s`)),
        PATIENCE_MS,
      )
      this.#waiting.set(reason, (at) => {
        clearTimeout(timer)
        resolve(at)
      })
    })
  }
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function run(script: string, ...args: string[]): ChildProcess {
  const node = ['--import', 'tsx', '--conditions=homebeat-source', script, ...args]
  return spawn(process.execPath, node, { cwd: packageRoot, stdio: ['pipe', 'pipe', 'inherit'] })
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('a child has no output')
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return line
}

/** Waits for the gateway to open its port; ends at once where it has ended. */
async function connected(port: number, gateway: ChildProcess): Promise<mqtt.MqttClient> {
  for (const end = performance.now() + PATIENCE_MS; ; ) {
    try {
      const client = await mqtt.connectAsync({
        ...{ host: '127.0.0.1', port, clientId: DEVICE, username: DEVICE, password: SECRET, reconnectPeriod: 0 },
      })
      return client
    } catch (error) {
      if (performance.now() > end || gateway.exitCode !== null) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

const folder = mkdtempSync(join(tmpdir(), 'homebeat-latency-'))
const doctor = new Doctor()
const hanging = new Set<Socket>()
/** Accepts, and never answers: worse than one that refuses. */
const fhirServer = createTcpServer((socket) => hanging.add(socket.on('error', () => {})))
const children: ChildProcess[] = []
try {
  const brokerPort = await freePort()
  const kit = run('simulators/cli/main.ts', 'kit', '--script', 'steady', '--exit-with-parent')
  children.push(kit)
  const { listening: kitUrl } = JSON.parse(await firstLine(kit)) as { listening: string }
  writeFileSync(join(folder, 'secret'), `${SECRET}\n`)
  chmodSync(join(folder, 'secret'), 0o600)
  const config = {
    home: { id: 'bench', patient: 'bench' },
    dataDir: './data',
    log: { level: 'silent' },
    transports: [
      { name: 'kit', url: kitUrl },
      {
        name: 'broker',
        url: `mqtt+broker://127.0.0.1:${brokerPort}`,
        devices: [{ id: DEVICE, secretFile: 'secret' }],
      },
    ],
    alerts: {
      channels: [{ type: 'webhook', name: 'doctor', url: `http://127.0.0.1:${await portOf(doctor.server)}/` }],
    },
    fhir: { targets: [{ name: 'hangs', url: `http://127.0.0.1:${await portOf(fhirServer)}/r4`, mode: 'clear' }] },
    chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    console: { port: 0 },
  }
  const file = join(folder, 'homebeat.yaml')
  writeFileSync(file, stringify(config), { mode: 0o600 })
  const start = ['start', '--config', file, '--drain-seconds', '0', '--until-stdin-closes']
  const gateway = run('gateway/main.ts', ...start)
  children.push(gateway)
  const client = await connected(brokerPort, gateway)

  let id = 0
  const publish = async (value: number): Promise<{ sentAt: number; durableAt: number }> => {
    const payload = JSON.stringify({ id: String(++id), value, unit: 'mg/dL' })
    const sentAt = performance.now()
    await client.publishAsync(`homebeat/v1/${DEVICE}/glucose`, payload, { qos: 1 })
    return { sentAt, durableAt: performance.now() }
  }
  const toDoctor: number[] = []
  const toDisk: number[] = []
  for (let n = -WARM_UP; n < samples; n++) {
    const raised = doctor.message('raised')
    const { sentAt, durableAt } = await publish(ILL)
    const handedOffAt = await raised
    const cleared = doctor.message('cleared')
    await publish(WELL)
    await cleared
    if (n < 0) continue
    toDoctor.push(handedOffAt - sentAt)
    toDisk.push(durableAt - sentAt)
  }
  await client.endAsync()

  const ms = (value: number) => Number(value.toFixed(2))
  const result = {
    p50Ms: ms(quantile(toDoctor, 0.5)),
    p99Ms: ms(quantile(toDoctor, 0.99)),
    samples: toDoctor.length,
    baselineP50Ms: ms(quantile(toDisk, 0.5)),
    baselineP99Ms: ms(quantile(toDisk, 0.99)),
    ratioP50: ms(quantile(toDoctor, 0.5) / quantile(toDisk, 0.5)),
    ratioP99: ms(quantile(toDoctor, 0.99) / quantile(toDisk, 0.99)),
  }
  process.stdout.write(
    json
      ? `${JSON.stringify(result)}\n`
      : `${[
          `${result.samples} alarms, a kit at full rate, the FHIR server hangs, the chain is down`,
          `message → doctor   p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms (aim: p99 < 100 ms)`,
          `message → durable  p50 ${result.baselineP50Ms} ms, p99 ${result.baselineP99Ms} ms, the baseline`,
          `ratio              p50 ${result.ratioP50}, p99 ${result.ratioP99}`,
        ].join('\n')}\n`,
  )
} finally {
  for (const child of children) {
    child.stdin?.end()
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
  }
  for (const socket of hanging) socket.destroy()
  fhirServer.close()
  doctor.server.close()
  doctor.server.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
}
