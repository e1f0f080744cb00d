import { join } from 'node:path'
import { Outlet } from '#gateway/intake/transports/outlet.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Frame, Transport, TransportStatus } from '#gateway/model/transport.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { brokerIdentity, type Identity, type TlsFiles } from '#gateway/platform/net/certificate.js'
import { ConnectionPlaces } from '#gateway/platform/net/connection-places.js'
import { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { type MqttAddress, parseMqttUrl } from './address.js'
import { AllowedDevices, type ConfiguredDevice } from './allowed-devices.js'
import { BROKER_PLACES, BrokerListener } from './broker-listener.js'
import { DeviceBroker } from './device-broker.js'
import type { EnrolledDevices } from './enrolled-devices.js'
import { Presence } from './presence.js'

/** Messages whose commit is awaited, over all devices; more wait on their connections. */
const MAX_UNSETTLED = 500
export const DEFAULT_LIMITS = { messagesPerSecond: 50, burst: 200, bytesPerSecond: 256 * 1024 } as const

export interface BrokerLimits {
  /** Of one device, in the long run. */
  readonly messagesPerSecond: number
  /** Of one device, at once. */
  readonly burst: number
  /** Of one connection. */
  readonly bytesPerSecond: number
}

export interface BrokerTransportOptions {
  readonly name: string
  /** `mqtt+broker://127.0.0.1:1883`, `mqtts+broker://0.0.0.0:8883`; port 0 lets the system choose (see `address()`). */
  readonly url: string
  readonly devices: readonly ConfiguredDevice[]
  /** Devices that were added or enrolled. */
  readonly store?: EnrolledDevices
  /** Certificate and key; without them the gateway makes its own in the data folder. */
  readonly tls?: TlsFiles | undefined
  /** Lets others than this machine speak without encryption. */
  readonly allowUnencrypted?: boolean | undefined
  readonly limits?: BrokerLimits | undefined
  /** Where relative files are looked for. */
  readonly baseDir: string
  /** Where the broker keeps its certificate, and who is expected to come back. */
  readonly dataDir?: string
  readonly clock?: Clock
  readonly logger: Logger
  readonly maxUnsettled?: number
}

/**
 * An MQTT 3.1.1 broker of the gateway's own, for devices that publish below their own topics. Nobody else may connect.
 * PUBACK (QoS 1) and PUBREC (QoS 2) are sent when the frame is settled: what a sender has had acknowledged is on the
 * disk.
 *
 * A device that connects with its one-time code gets a credential on its enrolment topic and may do nothing else.
 */
export class BrokerTransport implements Transport, HealthCheck {
  readonly name: string
  readonly #url: MqttAddress
  readonly #options: BrokerTransportOptions
  readonly #limits: BrokerLimits
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #outlet: Outlet
  readonly #maxUnsettled: number
  readonly #devices: AllowedDevices
  readonly #presence: Presence
  #running: Promise<void> | null = null
  #broker: DeviceBroker | null = null
  #places: ConnectionPlaces | null = null
  #listener: BrokerListener | null = null
  #stopped = true

  /** @throws HomebeatError `config.transport-url`, `config.mqtt-unencrypted` */
  constructor(options: BrokerTransportOptions) {
    this.name = options.name
    this.#options = options
    this.#url = parseMqttUrl(options.url)
    if (!this.#url.tls && !isLoopback(this.#url.host) && !options.allowUnencrypted)
      throw new HomebeatError(
        'config.mqtt-unencrypted',
        `transports[${options.name}] would let the network speak without encryption: use mqtts+broker://${this.#url.host}:8883, or say allowUnencrypted: true.`,
      )
    this.#limits = options.limits ?? DEFAULT_LIMITS
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ transport: options.name })
    this.#maxUnsettled = options.maxUnsettled ?? MAX_UNSETTLED
    this.#devices = new AllowedDevices(options.devices, options.baseDir, options.store ?? null)
    this.#presence = new Presence(this.#kept('expected'), this.#logger)
    this.#outlet = new Outlet({ name: options.name, clock: this.#clock, capacity: this.#maxUnsettled })
  }

  /** @throws HomebeatError `config.certificate`, `secret.*` */
  async probe(): Promise<void> {
    if (!this.#stopped) return
    this.#devices.load()
    await this.#identity()
  }

  /** @throws HomebeatError `mqtt.port-in-use`, `mqtt.cannot-listen`, `config.certificate`, `secret.*` */
  start(): Promise<void> {
    this.#running ??= this.#begin().catch(async (error: unknown) => {
      await this.stop()
      throw error
    })
    return this.#running
  }

  /** Ends all connections; what is not yet committed was not acknowledged and will be sent again. */
  async stop(): Promise<void> {
    this.#stopped = true
    const [broker, listener] = [this.#broker, this.#listener]
    this.#broker = null
    this.#listener = null
    this.#outlet.close()
    await broker?.close()
    await listener?.close()
    this.#places?.close()
    this.#running = null
  }

  status(): TransportStatus {
    const { port } = this.address()
    const where = `${this.#url.host}:${port}`
    const url = `${this.#url.tls ? 'mqtts' : 'mqtt'}+broker://${where}`
    if (!this.#listener || !this.#broker)
      return { name: this.name, url, state: 'stopped', sentence: `the broker on ${where} is not running` }
    const { connected } = this.#broker
    const encrypted = this.#url.tls ? ' (TLS)' : ''
    return {
      name: this.name,
      url,
      state: connected > 0 ? 'connected' : 'waiting',
      sentence: `${connected} of ${this.#devices.ids.size} devices connected to the broker on ${where}${encrypted}`,
    }
  }

  /**
   * `device-lost-<id>`: a device with a last will went without a DISCONNECT. `broker-full-<name>`: somebody takes so many
   * connections that others lose theirs.
   */
  check(): SystemCondition[] {
    const present = this.#places?.full ?? false
    return [
      ...this.#presence.check(),
      { condition: `broker-full-${this.name}`, priority: 'medium', delayMs: 0, present },
    ]
  }

  frames(): AsyncIterable<Frame> {
    return this.#outlet.frames()
  }

  /** Where the broker listens: the configured address, or while running the one it really has. */
  address(): { host: string; port: number } {
    return { host: this.#url.host, port: this.#listener?.port ?? this.#url.port }
  }

  async #begin(): Promise<void> {
    this.#stopped = false
    this.#outlet.open()
    this.#devices.load()
    this.#presence.load((id) => this.#devices.ids.has(id))
    const identity = await this.#identity()
    const known = new KnownAddresses(this.#kept('known'), { clock: this.#clock, logger: this.#logger })
    const places = new ConnectionPlaces(this.#clock, BROKER_PLACES, known, (what, from) => broker.refuse(what, from))
    this.#places = places
    const broker: DeviceBroker = new DeviceBroker({
      places,
      ...{ transport: this.name, devices: this.#devices, store: this.#options.store, presence: this.#presence },
      ...{ outlet: this.#outlet, limits: this.#limits, maxUnsettled: this.#maxUnsettled },
      ...{ clock: this.#clock, logger: this.#logger },
    })
    this.#broker = broker
    await broker.listen()
    this.#listener = await BrokerListener.listen({
      ...{ host: this.#url.host, port: this.#url.port, identity, bytesPerSecond: this.#limits.bytesPerSecond },
      places,
      take: (socket) => broker.handle(socket),
      refuse: (what, from) => broker.refuse(what, from),
      ...{ clock: this.#clock, logger: this.#logger },
    })
    if (this.#stopped) throw new HomebeatError('transport.stopped', 'the broker was stopped while it started')
    const where = `${this.#url.host}:${this.address().port}`
    this.#logger.info({ devices: this.#devices.ids.size, tls: this.#url.tls }, `MQTT broker listens on ${where}`)
    if (!this.#url.tls && !isLoopback(this.#url.host))
      this.#logger.warn(
        `the MQTT broker on ${where} can be reached from the network and speaks without encryption: use it only on a network of trusted devices`,
      )
  }

  /** The path of what outlives the gateway. */
  #kept(what: string): string | null {
    const { dataDir, name } = this.#options
    return dataDir === undefined ? null : join(dataDir, `${what}-${name}.json`)
  }

  async #identity(): Promise<Identity | null> {
    const { tls, baseDir, dataDir } = this.#options
    return this.#url.tls ? brokerIdentity(tls, baseDir, dataDir ?? null) : null
  }
}
