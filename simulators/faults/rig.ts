/**
 * A whole line to break: a real gateway process with its own broker, devices outside it, a FHIR server and a chain over
 * HTTP. The parts can be reached one by one, so that each fault is made where it happens.
 */
import type { LoadedConfig } from '#gateway/config/load.js'
import type { Address } from '#gateway/model/batch.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { Doctor } from '#simulators/demo/doctor.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { freePort } from '../free-port.js'
import { type Audit, audit } from './audit.js'
import { RpcProxy } from './far-ends/rpc-proxy.js'
import { GatewayProcess } from './gateway-process.js'
import { FaultHome, PATIENT } from './home.js'
import { Publisher, type PublisherDevice } from './publisher.js'

export interface RigOptions {
  /** Messages a second of each of four devices; default 5. */
  readonly perSecond?: number
  /** Default: closed every second, or with 40 measurements. */
  readonly batches?: { readonly cron: string; readonly maxCount: number }
  /** More transports than the gateway's own broker. */
  readonly transports?: readonly object[]
  /** Instead of the gateway's own broker; its transport must be in `transports`. */
  readonly broker?: { readonly url: string; readonly user: string; readonly secret: string }
}

export class Rig {
  readonly home = new FaultHome()
  readonly fhir = new FhirServerSimulator({ port: 0 })
  /** Two endpoints before one node. */
  readonly rpc: readonly [RpcProxy, RpcProxy]
  readonly doctor = new Doctor(this.home.webhookToken)
  readonly gateway = new GatewayProcess({
    configFile: this.home.configFile,
    dataDir: this.home.dataDir,
    logFile: this.home.logFile,
  })
  readonly #options: RigOptions
  #chain: ChainSimulator | null = null
  #publisher: Publisher | null = null
  #loaded: LoadedConfig | null = null
  #address: Address | null = null

  constructor(options: RigOptions = {}) {
    this.#options = options
    const node = () => this.chain.url
    this.rpc = [new RpcProxy(node), new RpcProxy(node)]
  }

  get chain(): ChainSimulator {
    if (!this.#chain) throw new Error('the rig is not started')
    return this.#chain
  }
  get publisher(): Publisher {
    if (!this.#publisher) throw new Error('the rig is not started')
    return this.#publisher
  }

  /** The far ends and the devices; the gateway is started by whoever breaks it. */
  async start(): Promise<void> {
    const { home, fhir, doctor, rpc } = this
    const { perSecond = 5, batches = { cron: '* * * * * *', maxCount: 40 }, transports = [], broker } = this.#options
    this.#address = await home.gatewayAddress()
    this.#chain = new ChainSimulator({ port: 0, enrol: [this.#address] })
    await Promise.all([this.#chain.start(), fhir.start(), doctor.start(), rpc[0].start(), rpc[1].start()])
    const port = await freePort()
    const devices = home.devices.map(({ id }) => ({ id, secretFile: `secrets/${id}` }))
    const own = { name: 'broker', url: `mqtt+broker://127.0.0.1:${port}`, devices }
    this.#loaded = home.configure({
      transports: [...(broker ? [] : [own]), ...transports],
      alerts: { channels: [{ type: 'webhook', name: 'doctor', url: doctor.url, tokenFile: 'secrets/webhook' }] },
      fhir: {
        targets: [
          { name: 'care', url: fhir.url, mode: 'clear', timeoutSeconds: 2 },
          { name: 'vault', url: fhir.url, mode: 'sealed', timeoutSeconds: 2 },
        ],
      },
      batches,
      chain: {
        endpoints: rpc.map(({ url }) => url),
        chainId: this.#chain.chainId,
        contract: this.#chain.contract,
        pollSeconds: 0.1,
      },
    })
    const publishing = (device: PublisherDevice) => (broker ? { ...device, secret: broker.secret } : device)
    this.#publisher = new Publisher({
      broker: broker?.url ?? `mqtt://127.0.0.1:${port}`,
      ...(broker ? { user: broker.user } : {}),
      devices: home.devices.map(publishing),
      perSecond,
      patient: PATIENT,
    })
    await this.#publisher.start()
  }

  /** Lets everything through: the devices' last messages, batches, deliveries, anchors. Then looks at the far ends. */
  async finish(): Promise<Audit> {
    await this.publisher.settled()
    const code = await this.gateway.stop()
    const found = await this.audit()
    return code === 0 ? found : { ...found, problems: [...found.problems, `the gateway ended with exit code ${code}`] }
  }

  audit(acknowledged: readonly string[] = this.publisher.acknowledged, verify = true): Promise<Audit> {
    if (!this.#loaded || !this.#address) throw new Error('the rig is not started')
    return audit({ loaded: this.#loaded, fhirUrl: this.fhir.url, gateway: this.#address, acknowledged, verify })
  }

  async stop(): Promise<void> {
    await this.#publisher?.stop()
    await this.gateway.kill()
    await Promise.all([
      this.fhir.stop(),
      this.doctor.stop(),
      this.rpc[0].stop(),
      this.rpc[1].stop(),
      this.#chain?.stop(),
    ])
  }

  remove(): void {
    this.home.remove()
  }
}
