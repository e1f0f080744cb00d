import { resolve } from 'node:path'
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import { Backoff } from '#gateway/intake/transports/backoff.js'
import { Outlet } from '#gateway/intake/transports/outlet.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Frame, FrameOutcome, Transport, TransportStatus } from '#gateway/model/transport.js'
import { type Clock, systemClock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { readCertificate, readIdentity, type TlsFiles } from '#gateway/platform/net/certificate.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { AckLine } from './ack-line.js'
import { matches, statusOf, statusTopic } from './acl.js'
import { deviceOfTopic, MAX_PAYLOAD_BYTES, type MqttAddress, parseMqttUrl, TOPIC_ROOT } from './address.js'
import { explainMqttError } from './client-errors.js'
import { Presence } from './presence.js'

const SUBSCRIPTION = `${TOPIC_ROOT}+/+`
const QUEUE_CAPACITY = 500
/** Taken and not acknowledged yet. The broker may have a smaller bound of its own. */
const MAX_UNACKNOWLEDGED = 200
/** To mqtt.js: take the next packet, and leave the PUBACK of this one to us. */
const LATER = new Error('acknowledged when it is stored')
/** A connection that held for so long was a good one: the next attempt after it comes at once. */
const GOOD_CONNECTION_MS = 60_000
/** For the last bytes when the transport is stopped. */
const GRACE_MS = 2000

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
  readonly #backoff = new Backoff()
  readonly #where: string
  #running: { readonly abort: AbortController; readonly done: Promise<void> } | null = null
  #starting: Promise<void> | null = null
  #state: TransportStatus['state'] = 'stopped'
  #sentence = 'not started'
  #lastLogged = ''

  constructor(options: ClientTransportOptions) {
    this.name = options.name
    this.#options = options
    this.#address = parseMqttUrl(options.url)
    if (options.tls && !this.#address.tls)
      throw new HomebeatError(
        'config.transport-url',
        `transports[${options.name}] has tls and an mqtt:// URL, which is not encrypted: write mqtts://${this.#address.host}:8883`,
      )
    this.#where = `${this.#address.host}:${this.#address.port}`
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ transport: options.name })
    this.#presence = new Presence(null, this.#logger)
    this.#outlet = new Outlet({
      name: options.name,
      clock: this.#clock,
      capacity: options.capacity ?? QUEUE_CAPACITY,
    })
  }

  /** Resolves without waiting for the broker, which may come later. @throws HomebeatError `secret.*` */
  start(): Promise<void> {
    this.#starting ??= this.#begin().catch((error: unknown) => {
      this.#starting = null
      throw error
    })
    return this.#starting
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => {})
    const running = this.#running
    if (!running) return
    running.abort.abort()
    this.#outlet.close()
    await running.done
    this.#running = null
    this.#starting = null
    this.#say('stopped', 'stopped')
  }

  status(): TransportStatus {
    return { name: this.name, url: this.#address.shown, state: this.#state, sentence: this.#sentence }
  }

  frames(): AsyncIterable<Frame> {
    return this.#outlet.frames()
  }

  /** `device-lost-<id>`: a device's status is `offline`. */
  check(): SystemCondition[] {
    return this.#presence.check()
  }

  /** @throws HomebeatError `config.certificate`, `secret.*` */
  async probe(): Promise<void> {
    this.#connectOptions()
  }

  async #begin(): Promise<void> {
    const options = this.#connectOptions()
    this.#outlet.open()
    const abort = new AbortController()
    this.#running = { abort, done: this.#run(options, abort.signal) }
  }

  async #run(options: IClientOptions, signal: AbortSignal): Promise<void> {
    this.#backoff.reset()
    while (!signal.aborted) {
      this.#say('connecting', `connecting to the MQTT broker ${this.#where}`)
      const failure = await this.#session(options, signal)
      if (signal.aborted) break
      const delay = this.#backoff.next()
      const code = failure?.code ?? 'mqtt.closed'
      const why = failure?.message ?? 'the broker closed the connection'
      this.#logger[code === this.#lastLogged ? 'debug' : 'warn']({ code }, why)
      this.#lastLogged = code
      this.#say('waiting', `waiting ${delay / 1000} s before connecting to ${this.#where} again: ${why}`)
      await wait(this.#clock, delay, signal)
    }
  }

  /** One connection, with an mqtt.js client of its own: nothing of a lost connection can reach the next. */
  async #session(options: IClientOptions, signal: AbortSignal): Promise<HomebeatError | null> {
    const ended = new AbortController()
    const end: { connected: boolean; failure: HomebeatError | null } = { connected: false, failure: null }
    const fail = (error: Error) => {
      end.failure ??= explainMqttError(error, this.#where)
      client.end(true)
    }
    const client = mqtt.connect({ ...options })
    // What mqtt.js would send when it is told that a message was handled (3.4): by then the next one would have waited.
    const line = new AckLine(MAX_UNACKNOWLEDGED, (id) => {
      if (client.connected) client.stream.write(Buffer.from([0x40, 2, id >> 8, id & 0xff]))
    })
    client.handleMessage = (packet, next) => {
      const settle = packet.qos === 0 ? () => {} : line.add(packet.messageId as number)
      const settled = (outcome: FrameOutcome) => {
        if (ended.signal.aborted) return
        if (outcome.outcome !== 'not-stored') {
          this.#wentWell()
          settle()
          return
        }
        // Nothing more is acknowledged: the broker sends it again on the next connection, and what came after it.
        line.close()
        const why = 'a message could not be stored: it is fetched again'
        fail(new HomebeatError('mqtt.not-stored', why, { retry: 'transient' }))
      }
      void this.#take(packet, ended.signal, settled)
        .then(() => line.whenRoom())
        .then(() => next(LATER))
    }
    client.on('error', fail)
    client.on('connect', () => {
      end.connected = true
      this.#connected()
      // The messages of a kept session come before the answer to this.
      this.#subscribe(client).catch(fail)
    })
    const startedAt = this.#clock.monotonic()
    let cancelForce = () => {}
    const abort = () => {
      const force = () => client.end(true)
      if (!client.connected) return force()
      // Lets the acknowledgements that are under way get out first.
      cancelForce = this.#clock.after(GRACE_MS, force)
      client.stream.end(force)
    }
    signal.addEventListener('abort', abort, { once: true })
    await new Promise<void>((resolve) => client.once('close', resolve))
    ended.abort()
    line.close()
    cancelForce()
    if (end.connected && this.#clock.monotonic() - startedAt >= GOOD_CONNECTION_MS) this.#wentWell()
    signal.removeEventListener('abort', abort)
    await new Promise<void>((resolve) => client.end(true, () => resolve()))
    if (end.connected && !signal.aborted)
      this.#outlet.event('disconnected', end.failure?.message ?? `the MQTT broker ${this.#where} closed the connection`)
    return end.failure
  }

  #wentWell(): void {
    this.#backoff.reset()
    this.#lastLogged = ''
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

  async #subscribe(client: MqttClient): Promise<void> {
    const filters = [SUBSCRIPTION, ...(this.#options.subscribe ?? []).map(({ topic }) => topic)]
    const grants = await client.subscribeAsync([...new Set(filters)], { qos: 1 })
    const refused = grants.filter((grant) => grant.qos === 128).map(({ topic }) => topic)
    if (refused.length > 0)
      throw new HomebeatError(
        'mqtt.subscription-refused',
        `the MQTT broker ${this.#where} does not let this user read ${refused.join(', ')}: allow it in the broker's access list`,
        { retry: 'transient' },
      )
  }

  #connected(): void {
    this.#say('connected', `connected to the MQTT broker ${this.#where}`)
    this.#logger.info({ where: this.#where }, 'connected')
    this.#outlet.event('connected', `connected to the MQTT broker ${this.#where}`)
  }

  /** Resolves when the next one may be looked at. */
  async #take(packet: IPublishPacket, ended: AbortSignal, settled: (outcome: FrameOutcome) => void): Promise<void> {
    const receivedAt = this.#clock.now()
    const { topic } = packet
    const payload = Buffer.from(packet.payload)
    const deviceId = this.#deviceOf(topic)
    if (deviceId !== null && topic === statusTopic(deviceId) && this.#hear(deviceId, payload))
      return settled({ outcome: 'committed' })
    const refusal = this.#refusal(deviceId, payload, packet)
    if (deviceId === null || refusal !== null) {
      const reason = refusal ?? 'messages'
      this.#outlet.refuse(reason)
      return settled({ outcome: 'refused', code: 'mqtt.message-refused', reason })
    }
    let done = false
    const settle = (outcome: FrameOutcome) => {
      if (done) return
      done = true
      if (outcome.outcome === 'refused')
        this.#logger.warn({ device: deviceId, code: outcome.code }, 'a message was refused')
      settled(outcome)
    }
    await this.#outlet.whenRoom()
    if (ended.aborted) return
    this.#outlet.push({ format: 'mqtt-publish', transport: this.name, receivedAt, topic, payload, deviceId, settle })
  }

  #deviceOf(topic: string): string | null {
    if (topic.startsWith(TOPIC_ROOT)) return deviceOfTopic(topic)
    return this.#options.subscribe?.find((entry) => matches(entry.topic, topic))?.device ?? null
  }

  /** @returns false when it is not a status. */
  #hear(deviceId: string, payload: Buffer): boolean {
    const status = statusOf(payload)
    if (status === 'online') this.#presence.here(deviceId)
    else if (status === 'offline') this.#presence.lost(deviceId)
    // An empty payload takes a retained status back (3.3.1.3).
    else if (payload.length === 0) this.#presence.gone(deviceId)
    else return false
    return true
  }

  #refusal(deviceId: string | null, payload: Buffer, packet: IPublishPacket): string | null {
    if (deviceId === null) return 'messages on a topic without a valid device id'
    if (packet.retain) return 'retained messages'
    if (payload.length > MAX_PAYLOAD_BYTES) return `messages of more than ${MAX_PAYLOAD_BYTES / 1024} KiB`
    return null
  }

  #say(state: TransportStatus['state'], sentence: string): void {
    this.#state = state
    this.#sentence = sentence
  }
}
