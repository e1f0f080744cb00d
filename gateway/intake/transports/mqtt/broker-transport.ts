import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { Outlet } from '#gateway/intake/transports/outlet.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Frame, FrameOutcome, Transport, TransportStatus } from '#gateway/model/transport.js'
import { type Clock, systemClock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { brokerIdentity, type Identity, type TlsFiles } from '#gateway/platform/net/certificate.js'
import { LoginGuard } from '#gateway/platform/net/login-guard.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { enrolmentTopic, mayPublish, mayRead, statusOf, statusTopic } from './acl.js'
import { DEVICE_ID, MAX_PAYLOAD_BYTES, type MqttAddress, parseMqttUrl, TOPIC_ROOT } from './address.js'
import type { DeviceStore } from './device-store.js'
import { type ConfiguredDevice, DeviceRegister } from './devices.js'
import { paceSocket } from './paced-socket.js'
import { limitPackets } from './packet-limit.js'
import { Presence } from './presence.js'
import { Slots } from './slots.js'
import { Throttle } from './throttle.js'

/** Messages whose commit is awaited, over all devices; more wait on their connections. */
const MAX_UNSETTLED = 500
/** Of a whole packet. Above it the connection is closed before the message is read. */
const MAX_PACKET_BYTES = 4 * MAX_PAYLOAD_BYTES
const MAX_CONNECTIONS = 128
const MAX_WILL_BYTES = 1024
/** For the TLS handshake, and for the CONNECT: a connection that says nothing takes nobody's place for long. */
const HANDSHAKE_MS = 10_000
export const DEFAULT_LIMITS = { messagesPerSecond: 50, burst: 200, bytesPerSecond: 256 * 1024 } as const

type PublishPacket = Parameters<Aedes['authorizePublish']>[1]
type Subscription = Parameters<Aedes['authorizeSubscribe']>[1]
type Done = (error?: Error | null) => void
type Admitted = (error: AuthenticateError | null, success: boolean | null) => void
/** A CONNECT, as far as it matters here. */
interface ConnectPacket {
  clean: boolean
  will?: { topic: string; payload: Uint8Array }
}
/** Of aedes' persistence, which its types leave out: the QoS 2 messages whose exchange has not ended. */
interface Persistence {
  incomingGetPacket(client: Client, packet: PublishPacket): Promise<unknown>
}

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
  readonly store?: DeviceStore
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
 * MQTT 3.1.1 has no negative acknowledgement (3.3.5.2): a message that will never be kept is counted and acknowledged,
 * or the sender would repeat it for ever; one that cannot be kept now closes the connection, so that it is repeated.
 * A topic outside the device's own, and a retained message, close the connection too: that is a wrong program.
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
  readonly #devices: DeviceRegister
  readonly #presence: Presence
  readonly #sockets = new Set<Socket>()
  readonly #connects = new WeakMap<Client, ConnectPacket>()
  readonly #enrolling = new WeakSet<Client>()
  readonly #served = new WeakSet<Client>()
  /** The wills of admitted devices, by which aedes asks leave to publish one. */
  readonly #wills = new WeakSet<object>()
  readonly #wrongWills = new Set<string>()
  readonly #throttles = new Map<string, Throttle>()
  #guard: LoginGuard
  #running: Promise<void> | null = null
  #slots: Slots
  #broker: Aedes | null = null
  #server: Server | null = null
  #stopWatchingStore = () => {}
  #stopped = true

  /** @throws HomebeatError `config.transport-url`, `config.mqtt-unencrypted`, `config.device-topics` */
  constructor(options: BrokerTransportOptions) {
    this.name = options.name
    this.#options = options
    this.#url = parseMqttUrl(options.url)
    if (!this.#url.tls && !isLoopback(this.#url.host) && !options.allowUnencrypted)
      throw new HomebeatError(
        'config.mqtt-unencrypted',
        `transports[${options.name}] would let the network speak without encryption: use mqtts+broker://${this.#url.host}:8883, or say allowUnencrypted: true.`,
      )
    if (options.tls && (!this.#url.tls || options.tls.caFile !== undefined))
      throw new HomebeatError(
        'config.transport-url',
        `transports[${options.name}].tls is certFile and keyFile of an mqtts+broker:// URL: this broker asks no device for a certificate`,
      )
    this.#limits = options.limits ?? DEFAULT_LIMITS
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ transport: options.name })
    this.#maxUnsettled = options.maxUnsettled ?? MAX_UNSETTLED
    this.#slots = new Slots(this.#maxUnsettled)
    this.#guard = new LoginGuard(this.#clock)
    this.#devices = new DeviceRegister(options.devices, options.baseDir, options.store ?? null)
    const kept = options.dataDir === undefined ? null : `${options.dataDir}/expected-${options.name}.json`
    this.#presence = new Presence(kept, this.#logger)
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
    this.#stopWatchingStore()
    this.#slots.close()
    for (const throttle of this.#throttles.values()) throttle.close()
    this.#throttles.clear()
    this.#outlet.close()
    const broker = this.#broker
    const server = this.#server
    this.#broker = null
    this.#server = null
    if (broker) await new Promise<void>((resolve) => broker.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
    this.#running = null
  }

  status(): TransportStatus {
    const { port } = this.address()
    const where = `${this.#url.host}:${port}`
    const url = `${this.#url.tls ? 'mqtts' : 'mqtt'}+broker://${where}`
    if (!this.#server?.listening || !this.#broker)
      return { name: this.name, url, state: 'stopped', sentence: `the broker on ${where} is not running` }
    const connected = Object.values(this.#clients()).filter((client) => !this.#enrolling.has(client)).length
    const encrypted = this.#url.tls ? ' (TLS)' : ''
    return {
      name: this.name,
      url,
      state: connected > 0 ? 'connected' : 'waiting',
      sentence: `${connected} of ${this.#devices.ids.size} devices connected to the broker on ${where}${encrypted}`,
    }
  }

  /** `device-lost-<id>`: a device with a last will went without a DISCONNECT. */
  check(): SystemCondition[] {
    return this.#presence.check()
  }

  frames(): AsyncIterable<Frame> {
    return this.#outlet.frames()
  }

  /** Where the broker listens: the configured address, or while running the one it really has. */
  address(): { host: string; port: number } {
    const bound = this.#server?.address() as AddressInfo | null | undefined
    return { host: this.#url.host, port: bound?.port ?? this.#url.port }
  }

  async #begin(): Promise<void> {
    this.#stopped = false
    this.#slots = new Slots(this.#maxUnsettled)
    this.#guard = new LoginGuard(this.#clock)
    this.#outlet.open()
    this.#devices.load()
    this.#presence.load((id) => this.#devices.ids.has(id))
    const identity = await this.#identity()
    const broker = await Aedes.createBroker({
      connectTimeout: HANDSHAKE_MS,
      preConnect: (client, packet, done) => {
        this.#connects.set(client, packet as ConnectPacket)
        done(null, true)
      },
      authenticate: (client, user, password, done) =>
        void this.#authenticate(client, user, password, done).catch((error: unknown) => {
          this.#logger.error({ err: error }, 'a login could not be checked')
          done(refusal(3), false)
        }),
      authorizePublish: (client, packet, done) => this.#receive(client, packet, done),
      // null is the SUBACK failure code 0x80 (3.9.3).
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#mayRead(client, subscription) ? subscription : null),
      authorizeForward: (client, packet) => (this.#mayRead(client, packet) ? packet : null),
    })
    this.#broker = broker
    broker.on('client', (client) => this.#came(client))
    broker.on('clientDisconnect', (client) => this.#went(client))
    broker.on('subscribe', (_subscriptions, client) => {
      if (!this.#enrolling.has(client) || this.#served.has(client)) return
      this.#served.add(client)
      void this.#issue(client)
    })
    broker.on('ack', (_packet, client) => {
      if (this.#enrolling.has(client)) this.#delivered(client)
    })
    broker.on('clientError', ({ id }, error) => this.#logger.debug({ device: id, reason: error.message }, 'MQTT error'))
    broker.on('connectionError', (_client, error) => this.#logger.debug({ reason: error.message }, 'MQTT error'))
    this.#stopWatchingStore = this.#options.store?.onRevoked((id) => this.#revoke(id)) ?? (() => {})
    await this.#listen(broker, identity)
    if (this.#stopped) throw new HomebeatError('transport.stopped', 'the broker was stopped while it started')
    const where = `${this.#url.host}:${this.address().port}`
    this.#logger.info({ devices: this.#devices.ids.size, tls: this.#url.tls }, `MQTT broker listens on ${where}`)
    if (!this.#url.tls && !isLoopback(this.#url.host))
      this.#logger.warn(
        `the MQTT broker on ${where} can be reached from the network and speaks without encryption: use it only on a network of trusted devices`,
      )
  }

  async #identity(): Promise<Identity | null> {
    const { tls, baseDir, dataDir } = this.#options
    return this.#url.tls ? brokerIdentity(tls, baseDir, dataDir ?? null) : null
  }

  async #listen(broker: Aedes, identity: Identity | null): Promise<void> {
    const take = (socket: Socket) => {
      socket.setKeepAlive(true, 30_000)
      limitPackets(socket, MAX_PACKET_BYTES, () => this.#refuse('packets too long to be read', 'packet'))
      paceSocket(socket, this.#limits.bytesPerSecond, this.#clock)
      broker.handle(socket)
    }
    const server = identity
      ? createTlsServer({ ...identity, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS }, take)
      : createServer(take)
    // Before their TLS handshake.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('tlsClientError', (error: Error) => {
      this.#logger.debug({ reason: error.message }, 'TLS error')
      this.#refuse('connections without a right TLS handshake', 'tls')
    })
    server.maxConnections = MAX_CONNECTIONS
    server.on('drop', () => this.#refuse(`connections above ${MAX_CONNECTIONS} at once`, 'connection'))
    this.#server = server
    const { host, port } = this.#url
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, host, port)))
      server.listen({ host, port }, resolve)
    })
    server.on('error', (error) => this.#logger.error({ reason: error.message }, 'the MQTT broker has an error'))
  }

  async #authenticate(
    client: Client,
    user: string | undefined,
    password: Buffer | undefined,
    done: Admitted,
  ): Promise<void> {
    const { id } = client
    const secret = password?.toString() ?? ''
    const address = (client.conn as Socket).remoteAddress ?? ''
    const known = user === id && DEVICE_ID.test(id) && secret !== '' && secret.length <= 4096
    if (known && this.#devices.recognises(id, secret)) return this.#admit(client, done)
    if (!this.#guard.enter(address, id)) {
      this.#refuse('connections after too many wrong passwords', 'login')
      return done(refusal(3), false)
    }
    const verdict = known ? await this.#devices.verify(id, secret) : 'wrong'
    if (verdict === 'busy') {
      this.#refuse('connections while too many others were checked', 'login')
      return done(refusal(3), false)
    }
    if (verdict === 'wrong') {
      // aedes forgets the QoS 2 messages of this id when a clean connection closes: they are another one's.
      client.clean = false
      this.#refuse('connections of unknown devices or with a wrong password', 'login')
      const delay = this.#guard.delay(address)
      if (delay > 0) await wait(this.#clock, delay)
      // Also for a device that is not known, so that nobody can ask which are.
      return done(refusal(4), false)
    }
    this.#guard.succeeded(address, id)
    if (verdict === 'credential') return this.#admit(client, done)
    this.#enrolling.add(client)
    // Nothing of what the device has waiting here belongs to who only has its code.
    const connect = this.#connects.get(client)
    if (connect) connect.clean = true
    client.clean = true
    done(null, true)
  }

  /** An authenticated device, whose will must be its own. */
  #admit(client: Client, done: Admitted): void {
    const { id } = client
    const will = this.#connects.get(client)?.will
    if (!will || this.#isRightWill(id, will)) {
      this.#wrongWills.delete(id)
      if (will) this.#wills.add(will)
      done(null, true)
      return
    }
    this.#refuse('connections with a last will that is not the device’s own', id)
    if (!this.#wrongWills.has(id))
      this.#logger.warn(
        { device: id },
        `device ${id} is refused: its last will must be "offline" on ${statusTopic(id)}`,
      )
    this.#wrongWills.add(id)
    client.clean = false
    done(refusal(5), false)
  }

  #isRightWill(id: string, { topic, payload }: NonNullable<ConnectPacket['will']>): boolean {
    if (topic === statusTopic(id)) return statusOf(payload) === 'offline'
    // Firmware with topics of its own has its will there, with a word of its own for it.
    const foreign = !topic.startsWith(TOPIC_ROOT) && mayPublish(this.#devices.owner(id), topic)
    return foreign && payload.length <= MAX_WILL_BYTES
  }

  /** @param what a subscription, or a message that is to be forwarded. */
  #mayRead(client: Client, what: Pick<Subscription, 'topic' | 'qos'>): boolean {
    if (this.#enrolling.has(client)) return what.topic === enrolmentTopic(client.id) && what.qos > 0
    return mayRead(this.#devices.owner(client.id), what.topic)
  }

  #came(client: Client): void {
    const { id } = client
    // Revoked between its password and here.
    if (!this.#devices.ids.has(id)) {
      client.close()
      return
    }
    if (this.#enrolling.has(client)) {
      this.#logger.info({ device: id }, 'a device enrols with its code')
      return
    }
    if (this.#connects.get(client)?.will) this.#presence.here(id)
    else this.#presence.gone(id)
    this.#say('connected', id)
  }

  #went(client: Client): void {
    if (this.#stopped || this.#enrolling.has(client)) return
    const will = this.#connects.get(client)?.will
    // aedes has asked leave to publish a will before this, unless there was a DISCONNECT.
    if (will && this.#wills.has(will)) this.#presence.gone(client.id)
    this.#say('disconnected', client.id)
  }

  async #issue(client: Client): Promise<void> {
    try {
      const credential = await this.#options.store?.issue(client.id)
      if (client.closed) return
      if (!credential) return client.close()
      const payload = Buffer.from(JSON.stringify({ credential }))
      const topic = enrolmentTopic(client.id)
      client.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, () => {})
    } catch (error) {
      this.#logger.error({ device: client.id, err: error }, 'a device could not be enrolled')
      client.close()
    }
  }

  #delivered({ id }: Client): void {
    try {
      this.#options.store?.delivered(id)
      this.#logger.info({ device: id }, 'a device has its new credential')
    } catch (error) {
      // Its first use says the same, as long as the code is good.
      this.#logger.error({ device: id, err: error }, 'that a device has its new credential could not be kept')
    }
  }

  #revoke(id: string): void {
    const client = this.#clients()[id]
    if (client) client.close(() => this.#presence.gone(id))
    else this.#presence.gone(id)
  }

  /** Of aedes, which its types leave out. */
  #clients(): Readonly<Record<string, Client>> {
    return (this.#broker as (Aedes & { readonly clients: Record<string, Client> }) | null)?.clients ?? {}
  }

  #receive(client: Client | null, packet: PublishPacket, done: Done): void {
    const receivedAt = this.#clock.now()
    if (!client) {
      done(new Error('only devices publish'))
      return
    }
    if (this.#wills.delete(packet)) {
      if (!this.#stopped) this.#presence.lost(client.id)
      done(new Error('a last will is for the gateway alone'))
      return
    }
    if (this.#enrolling.has(client)) {
      this.#refuse('messages of a device that has not enrolled yet', client.id)
      done(new Error(`${client.id} may only fetch its credential`))
      return
    }
    if (!mayPublish(this.#devices.owner(client.id), packet.topic)) {
      this.#refuse('messages on a topic that is not the device’s own', client.id)
      done(new Error(`${client.id} may publish below its own topics only`))
      return
    }
    // Nearly every message finds its turn and its place at once: a promise for each of the two would be waited for in vain.
    const throttle = this.#throttle(client.id)
    if (throttle.tryTake()) this.#check(client, packet, receivedAt, done)
    else void throttle.take().then((turn) => turn && !client.closed && this.#check(client, packet, receivedAt, done))
  }

  /** A message whose turn it is. */
  #check(client: Client, packet: PublishPacket, receivedAt: number, done: Done): void {
    if (packet.topic === statusTopic(client.id) && statusOf(Buffer.from(packet.payload)) !== null) {
      // That it is connected says the same; kept for others it would only grow old.
      packet.retain = false
      this.#acknowledge(client, packet, done)
      return
    }
    if (packet.retain) {
      this.#refuse('retained messages', client.id)
      done(new Error('retained messages are not accepted'))
      return
    }
    if (packet.payload.length > MAX_PAYLOAD_BYTES) {
      this.#refuse(`messages of more than ${MAX_PAYLOAD_BYTES / 1024} KiB`, client.id)
      this.#acknowledge(client, packet, done)
      return
    }
    // A QoS 2 message sent again although it was kept, because our PUBREC got lost: aedes answers it by itself.
    if (packet.qos === 2 && packet.dup)
      void this.#isStored(client, packet).then((stored) =>
        stored ? done() : this.#place(client, packet, receivedAt, done),
      )
    else this.#place(client, packet, receivedAt, done)
  }

  /** A message that is taken, once there is a place. */
  #place(client: Client, packet: PublishPacket, receivedAt: number, done: Done): void {
    const slots = this.#slots
    if (slots.tryTake()) {
      this.#push(client, packet, receivedAt, slots, done)
      return
    }
    void slots.take().then((given) => {
      if (!given) return
      if (client.closed) slots.release()
      else this.#push(client, packet, receivedAt, slots, done)
    })
  }

  #push(client: Client, packet: PublishPacket, receivedAt: number, slots: Slots, done: Done): void {
    let settled = false
    this.#outlet.push({
      format: 'mqtt-publish',
      transport: this.name,
      receivedAt,
      topic: packet.topic,
      payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
      deviceId: client.id,
      settle: (outcome) => {
        if (settled) return
        settled = true
        slots.release()
        this.#settle(client, packet, outcome, done)
      },
    })
  }

  #throttle(id: string): Throttle {
    const { messagesPerSecond: perSecond, burst } = this.#limits
    let throttle = this.#throttles.get(id)
    if (!throttle) {
      throttle = new Throttle({ clock: this.#clock, perSecond, burst })
      this.#throttles.set(id, throttle)
    }
    return throttle
  }

  #settle(client: Client, packet: PublishPacket, outcome: FrameOutcome, done: Done): void {
    if (outcome.outcome === 'not-stored') {
      this.#logger.warn(
        { device: client.id, code: outcome.code },
        'a message could not be stored: its sender must repeat it',
      )
      if (!client.closed) done(new Error(`not stored: ${outcome.code}`))
      return
    }
    if (outcome.outcome === 'refused')
      this.#logger.warn({ device: client.id, code: outcome.code }, 'a message was refused')
    this.#acknowledge(client, packet, done)
  }

  /** Lets aedes go on, which then acknowledges. */
  #acknowledge(client: Client, packet: PublishPacket, done: Done): void {
    // To a connection that has gone nothing can be said, but the session of a QoS 2 sender must remember the message.
    if (client.closed && (packet.qos !== 2 || client.clean)) return
    done()
  }

  async #isStored(client: Client, packet: PublishPacket): Promise<boolean> {
    const broker = this.#broker as (Aedes & { readonly persistence: Persistence }) | null
    if (!broker) return false
    return broker.persistence.incomingGetPacket(client, packet).then(
      () => true,
      () => false,
    )
  }

  #say(event: 'connected' | 'disconnected', deviceId: string): void {
    if (this.#stopped) return
    const detail = `device ${deviceId} ${event}`
    this.#logger.info(detail)
    this.#outlet.event(event, detail, deviceId)
  }

  #refuse(what: string, device: string): void {
    this.#logger.debug({ device }, `refused: ${what}`)
    this.#outlet.refuse(what)
  }
}

/** @param returnCode of the CONNACK (3.2.2.3): 3 not now, 4 bad user name or password, 5 not authorized. */
function refusal(returnCode: 3 | 4 | 5): AuthenticateError {
  const said = { 3: 'not now', 4: 'bad user name or password', 5: 'not authorized' }[returnCode]
  return Object.assign(new Error(said), { returnCode }) as AuthenticateError
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): HomebeatError {
  if (error.code === 'EADDRINUSE')
    return new HomebeatError(
      'mqtt.port-in-use',
      `port ${port} is already in use on ${host}: stop the other broker or choose another port in transports[].url`,
      { cause: error },
    )
  return new HomebeatError(
    'mqtt.cannot-listen',
    `cannot listen on ${host}:${port} (${error.code ?? error.message}): check host and port in transports[].url`,
    { cause: error },
  )
}
