/** The real program: `homebeat start` of dist, with a home, a configuration and secrets in a temporary folder. */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { endProcess } from '#simulators/end-process.js'
import { startGateway } from '#simulators/gateway-program.js'
import { DEVICES } from './messages.js'
import { sleep, start, type Usage, usage } from './processes.js'

/** The defaults of the configuration's schema. */
export const DEFAULT_COMMIT = { maxDelayMs: 50, maxCount: 200 } as const
/** A contract that has nothing of the gateway, so that it closes batches, on a node that sends nothing: they wait for their anchor. */
function idleChain(): Server {
  return createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string }
      const known: Record<string, string> = { eth_chainId: '0x1', eth_call: `0x${'00'.repeat(128)}` }
      const answer = known[method] ? { result: known[method] } : { error: { code: -32601, message: 'not here' } }
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    })
  })
}

export class GatewayProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'homebeat-bench-'))
  readonly dataDir = join(this.folder, 'data')
  readonly passwords: Record<string, string> = {}
  readonly #chain = idleChain()
  #process: ChildProcess | null = null

  constructor() {
    mkdirSync(join(this.folder, 'secrets'), { mode: 0o700 })
    for (const { id } of DEVICES) {
      const secret = randomBytes(24).toString('base64url')
      this.passwords[id] = secret
      writeFileSync(join(this.folder, 'secrets', id), `${secret}\n`, { mode: 0o600 })
    }
  }

  /** The transport of the embedded broker, which holds nobody back: one device of a home sends 50 a second at most. */
  broker(port: number): object {
    const devices = DEVICES.map(({ id }) => ({ id, secretFile: `secrets/${id}` }))
    const limits = { messagesPerSecond: 10_000, burst: 100_000, bytesPerSecond: 100_000_000 }
    return { name: 'broker', url: `mqtt+broker://127.0.0.1:${port}`, devices, limits }
  }

  /** @param parts laid over the defaults. @param nodeFlags beside the program's own, e.g. of the profiler. */
  async start(parts: object, nodeFlags: readonly string[] = []): Promise<void> {
    const home = { id: 'bench-home', patient: 'bench-patient' }
    await new Promise<void>((resolve) => this.#chain.listen(0, '127.0.0.1', resolve))
    const endpoints = [`http://127.0.0.1:${(this.#chain.address() as AddressInfo).port}`]
    const chain = { endpoints, chainId: 1, contract: `0x${'11'.repeat(20)}` }
    const config = { home, dataDir: './data', chain, console: { port: 0 }, ...parts }
    const file = join(this.folder, 'homebeat.yaml')
    writeFileSync(file, stringify(config), { mode: 0o600 })
    this.#process = start(process.execPath, startGateway(['--config', file], nodeFlags), {
      output: openSync(join(this.folder, 'gateway.log'), 'w', 0o600),
    })
    while (readRunFile(this.dataDir)?.pid !== this.#process.pid) {
      if (this.#process.exitCode !== null) throw new Error(`the gateway ended early: ${this.log().trim()}`)
      await sleep(50)
    }
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  usage(): Usage {
    return usage(this.pid)
  }

  log(): string {
    return readFileSync(join(this.folder, 'gateway.log'), 'utf8')
  }

  async status(): Promise<GatewayStatus> {
    const run = readRunFile(this.dataDir)
    if (!run) throw new Error('the gateway does not run')
    const response = await fetch(new URL('/api/status', run.console), { signal: AbortSignal.timeout(20_000) })
    return (await response.json()) as GatewayStatus
  }

  async stop(): Promise<void> {
    await endProcess(this.#process, 'SIGTERM', 60_000)
    this.#process = null
    this.#chain.close()
    this.#chain.closeAllConnections()
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
