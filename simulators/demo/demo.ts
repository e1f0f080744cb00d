/**
 * The demo: every part of the line as a process of its own, wired over loopback as in a home and a clinic. Nothing here
 * knows the parts' inside: it starts them, lets them work, stops the gateway, then checks the result from outside.
 */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { freePort } from '../free-port.js'
import { startGateway } from '../gateway-program.js'
import { Child } from './child.js'
import { Doctor } from './doctor.js'
import { type FarEnds, Home } from './home.js'

const SEED = 7
const SCRIPT = 'worsening'
/** Between the start of the virtual patient and now: the other processes need a moment. */
const HEAD_START_MS = 2500
const DRAIN_S = 10

const built = (path: string) => join(packageRoot, 'dist', path)
const simulate = (verb: string, ...args: string[]) => [
  built('simulators/cli/main.js'),
  verb,
  ...args,
  '--exit-with-parent',
]

interface ChainReady {
  readonly listening: string
  readonly chainId: number
  readonly contract: string
}

export interface DemoOptions {
  /** Cron with seconds; default every ten. */
  readonly batches?: string
  /** Other servers than the simulated ones; called with the gateway's address, which the chain must have enrolled. */
  readonly farEnds?: (gateway: string) => Promise<FarEnds>
  /** How long, in seconds, the gateway may deliver at the end; default 10. */
  readonly drainSeconds?: number
}

export class Demo {
  readonly home = new Home()
  readonly doctor: Doctor
  readonly #children: Child[] = []
  #gateway: Child | null = null
  #fhirUrl = ''
  #consoleUrl = ''
  #failed: (error: HomebeatError) => void = () => {}
  /** Resolves when a part ends that nobody has stopped. */
  readonly failure = new Promise<HomebeatError>((resolve) => {
    this.#failed = resolve
  })

  readonly #options: DemoOptions

  constructor(options: DemoOptions = {}) {
    this.#options = options
    this.doctor = new Doctor(this.home.webhookToken)
  }

  get consoleUrl(): string {
    return this.#consoleUrl
  }
  get fhirUrl(): string {
    return this.#fhirUrl
  }
  get gatewayPid(): number | undefined {
    return this.#gateway?.pid
  }

  /**
   * @throws HomebeatError with one line that says what to do: `demo.port-in-use` before anything is started, `demo.child`
   * when a part ended; what was started is stopped by `stop()`.
   */
  async start(consolePort: number): Promise<void> {
    const { home } = this
    await mustBeFree(consolePort)
    const startAt = Date.now() + HEAD_START_MS
    const patient = ['--script', SCRIPT, '--seed', String(SEED), '--start', String(startAt)]
    ensureDataDir(home.dataDir)
    const { address } = await loadOrCreateGatewayKey(join(home.dataDir, 'keys', 'gateway.key'))

    await this.doctor.start()
    const kit = this.#spawn('kit', simulate('kit', '--tcp', '127.0.0.1:0', '--follow-mode', ...patient))
    const farEnds = await (this.#options.farEnds ?? ((gateway) => this.#simulatedFarEnds(gateway)))(address)
    const { listening: kitUrl } = await kit.ready<{ listening: string }>()
    this.#fhirUrl = farEnds.fhirUrl
    const brokerPort = await freePort()
    const batches = this.#options.batches ?? '*/10 * * * * *'
    home.configure({ ...farEnds, kitUrl, webhookUrl: this.doctor.url, consolePort, brokerPort, batches })
    await this.startGateway()
    const cuff = ['--cuff-secret', home.secretFile('mqtt-cuff')]
    const glucometer = ['--glucometer-secret', home.secretFile('mqtt-glucometer')]
    const broker = ['--broker', `mqtt://127.0.0.1:${brokerPort}`, '--every', '8s']
    await this.#spawn('devices', simulate('devices', ...broker, ...cuff, ...glucometer, ...patient)).ready()
  }

  async startGateway(): Promise<void> {
    const drain = String(this.#options.drainSeconds ?? DRAIN_S)
    const options = ['--config', this.home.configFile, '--until-stdin-closes', '--drain-seconds', drain]
    this.#gateway = this.#spawn('gateway', startGateway(options))
    this.#consoleUrl = await this.#untilRunning(this.#gateway)
  }

  /** What the running gateway says of itself. */
  async status(): Promise<GatewayStatus> {
    const response = await fetch(new URL('/api/status', this.#consoleUrl), { signal: AbortSignal.timeout(10_000) })
    return (await response.json()) as GatewayStatus
  }

  /** Stops what sends, then the gateway, which commits, batches, pushes and anchors what it has; the far ends stay. */
  async stopGateway(): Promise<number | NodeJS.Signals> {
    this.#failed = () => {}
    await this.#child('devices')?.stop()
    const code = (await this.#gateway?.stop(((this.#options.drainSeconds ?? DRAIN_S) + 50) * 1000)) ?? 1
    await this.#child('kit')?.stop()
    return code
  }

  async stop(): Promise<void> {
    await this.stopGateway()
    await Promise.all(this.#children.map((child) => child.stop()))
    await this.doctor.stop()
  }

  removeFolder(): void {
    rmSync(this.home.folder, { recursive: true, force: true })
  }

  /** The FHIR server and the chain of the demo: simulators, each a process. */
  async #simulatedFarEnds(gateway: string): Promise<FarEnds> {
    const fhir = this.#spawn('fhir-server', simulate('fhir-server', '--port', '0'))
    const chain = this.#spawn('chain', simulate('chain', '--port', '0', '--enrol', gateway))
    const { listening: fhirUrl } = await fhir.ready<{ listening: string }>()
    const { listening: rpc, chainId, contract } = await chain.ready<ChainReady>()
    return { fhirUrl, chain: { endpoints: [rpc], chainId, contract } }
  }

  #child(name: string): Child | undefined {
    return this.#children.find((child) => child.name === name)
  }

  #spawn(name: string, args: string[]): Child {
    const child = new Child({ name, args, logFile: this.home.logFile(name) })
    this.#children.push(child)
    void child.early().then((error) => this.#failed(error))
    return child
  }

  async #untilRunning(gateway: Child): Promise<string> {
    let ended = false
    void gateway.exited.then(() => {
      ended = true
    })
    while (!ended) {
      const run = readRunFile(this.home.dataDir)
      if (run) return run.console
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw await gateway.early()
  }
}

/** The page's port is what people get wrong: looked at before a part is started that would have to be stopped. */
async function mustBeFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new HomebeatError(
      'demo.port-in-use',
      `Port ${port} of 127.0.0.1 cannot be used (${(cause as NodeJS.ErrnoException).code}): end the program that has it, or give the page another port with --port (0 picks a free one).`,
      { cause },
    )
  } finally {
    server.close()
  }
}
