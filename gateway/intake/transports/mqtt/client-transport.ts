import { resolve } from 'node:path'
import type { IClientOptions } from 'mqtt'
import { ConnectionLoop } from '#gateway/intake/transports/connection-loop.js'
import { Outlet } from '#gateway/intake/transports/outlet.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Frame, Transport, TransportStatus } from '#gateway/model/transport.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { readCertificate, readIdentity, type TlsFiles } from '#gateway/platform/net/certificate.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { type MqttAddress, parseMqttUrl, TOPIC_ROOT } from './address.js'
import { runClientSession } from './client-session.js'
import { Presence } from './presence.js'
import { SiteIntake } from './site-intake.js'

const SUBSCRIPTION = `${TOPIC_ROOT}+/+`
const QUEUE_CAPACITY = 500
/** A connection that held for so long was a good one: the next attempt after it comes at once. */
const GOOD_CONNECTION_MS = 60_000

export interface ClientTransportOptions {
  readonly name: string
  /**
   * `mqtt://user@host:1883` or `mqtts://user@host:8883`. `?clientId=` names the session at the broker, which must be
   * another one for each gateway that uses it; default `homebeat-<user>-<name>`.
   */
  readonly url: string
  readonly passwordFile?: string | undefined
  /** `mqtts:` the authority that the broker's certificate is checked against, and a certificate of the gateway's own. */
  readonly tls?: TlsFiles | undefined
  /** What to read beside `homebeat/v1/`, and the device that it belongs to. */
  readonly subscribe?: readonly { readonly topic: string; readonly device: string }[] | undefined
  readonly baseDir: string
  readonly clock?: Clock
  readonly logger: Logger
  readonly capacity?: number
}

/**
 * A client of the site's own MQTT broker. It keeps a session there and acknowledges a message only when its frame is
 * settled, so that the broker sends again what was not stored. Many messages are under way at a time, in the order they
 * came. Messages published at QoS 0 have no such promise.
 *
 * A retained message is refused: it is an old one, and every new subscription would bring it again as if it were news.
 * Except a device's status, `online` or `offline`, which is retained for those who come later.
 */
export class ClientTransport implements Transport, HealthCheck {
  readonly name: string
  readonly #address: MqttAddress
  readonly #options: ClientTransportOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #outlet: Outlet
  readonly #presence: Presence
  readonly #intake: SiteIntake
  readonly #loop: ConnectionLoop
  readonly #where: string

  constructor(options: ClientTransportOptions) {
    this.name = options.name
    this.#options = options
    this.#address = parseMqttUrl(options.url)
    this.#where = `${this.#address.host}:${this.#address.port}`
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ transport: options.name })
    this.#loop = new ConnectionLoop({
      attempt: `connecting to the MQTT broker ${this.#where}`,
      closed: { code: 'mqtt.closed', why: 'the broker closed the connection' },
      ...{ clock: this.#clock, logger: this.#logger },
    })
    this.#presence = new Presence(null, this.#logger)
    this.#outlet = new Outlet({
      name: options.name,
      clock: this.#clock,
      capacity: options.capacity ?? QUEUE_CAPACITY,
    })
    this.#intake = new SiteIntake({
      ...{ transport: this.name, subscribe: options.subscribe ?? [], outlet: this.#outlet, presence: this.#presence },
      ...{ clock: this.#clock, logger: this.#logger },
    })
  }

  /** Resolves without waiting for the broker, which may come later. @throws HomebeatError `secret.*` */
  async start(): Promise<void> {
    if (this.#loop.isRunning) return
    const options = this.#connectOptions()
    this.#outlet.open()
    this.#loop.start((signal) => this.#session(options, signal))
  }

  async stop(): Promise<void> {
    await this.#loop.stop(() => this.#outlet.close())
  }

  status(): TransportStatus {
    return { name: this.name, url: this.#address.shown, ...this.#loop.status() }
  }

  frames(): AsyncIterable<Frame> {
    return this.#outlet.frames()
  }

  /** `device-lost-<id>`: a device's status is `offline`. `message-too-long-<name>`: a message was not kept. */
  check(): SystemCondition[] {
    return [...this.#presence.check(), ...this.#intake.check()]
  }

  /** @throws HomebeatError `config.certificate`, `secret.*` */
  async probe(): Promise<void> {
    this.#connectOptions()
  }

  async #session(options: IClientOptions, signal: AbortSignal): Promise<HomebeatError | null> {
    const where = this.#where
    const filters = [SUBSCRIPTION, ...(this.#options.subscribe ?? []).map(({ topic }) => topic)]
    const { connectedMs, failure } = await runClientSession({
      ...{ options, where, subscribe: [...new Set(filters)], clock: this.#clock, signal },
      connected: () => this.#connected(),
      acknowledged: () => this.#loop.well(),
      take: (packet, ended, settled) => this.#intake.take(packet, ended, settled),
    })
    if (connectedMs !== null && connectedMs >= GOOD_CONNECTION_MS) this.#loop.well()
    if (connectedMs !== null && !signal.aborted)
      this.#outlet.event('disconnected', failure?.message ?? `the MQTT broker ${where} closed the connection`)
    return failure
  }

  #connectOptions(): IClientOptions {
    const { host, port, tls, user, clientId } = this.#address
    const { passwordFile, tls: files = {}, baseDir } = this.#options
    const { caFile, certFile, keyFile } = files
    const own = certFile !== undefined && keyFile !== undefined
    return {
      protocol: tls ? 'mqtts' : 'mqtt',
      host,
      port,
      protocolVersion: 4,
      clientId: clientId ?? ['homebeat', user, this.name].filter(Boolean).join('-'),
      clean: false,
      keepalive: 60,
      reconnectPeriod: 0,
      resubscribe: false,
      ...(user === undefined ? {} : { username: user }),
      ...(passwordFile === undefined ? {} : { password: Buffer.from(readSecret(resolve(baseDir, passwordFile))) }),
      ...(tls ? { minVersion: 'TLSv1.2' as const } : {}),
      ...(caFile === undefined ? {} : { ca: readCertificate(resolve(baseDir, caFile)) }),
      ...(own ? readIdentity(resolve(baseDir, certFile), resolve(baseDir, keyFile)) : {}),
    }
  }

  #connected(): void {
    this.#loop.say('connected', `connected to the MQTT broker ${this.#where}`)
    this.#logger.info({ where: this.#where }, 'connected')
    this.#outlet.event('connected', `connected to the MQTT broker ${this.#where}`)
  }
}
