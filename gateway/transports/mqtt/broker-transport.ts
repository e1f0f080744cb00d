import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { type Clock, systemClock } from '#gateway/runtime/clock.js'
import { HomebeatError } from '#gateway/runtime/errors.js'
import type { Logger } from '#gateway/runtime/logger.js'
import { Outlet } from '../outlet.js'
import type { Frame, FrameOutcome, Transport, TransportStatus } from '../transport.js'
import { isLoopback, MAX_PAYLOAD_BYTES, type MqttAddress, parseMqttUrl, TOPIC_ROOT } from './address.js'
import { DeviceRegister } from './devices.js'
import { limitPackets } from './packet-limit.js'
import { Slots } from './slots.js'

/** Messages whose commit is awaited, over all devices; more wait on their connections. */
const MAX_UNSETTLED = 500
/** Of a whole packet. Above it the connection is closed before the message is read. */
const MAX_PACKET_BYTES = 4 * MAX_PAYLOAD_BYTES
const MAX_CONNECTIONS = 128

type PublishPacket = Parameters<Aedes['authorizePublish']>[1]
type Done = (error?: Error | null) => void
/** Of aedes' persistence, which its types leave out: the QoS 2 messages whose exchange has not ended. */
interface Persistence {
  incomingGetPacket(client: Client, packet: PublishPacket): Promise<unknown>
}

export interface BrokerTransportOptions {
  readonly name: string
  /** `mqtt+broker://127.0.0.1:1883`; port 0 lets the system choose (see `address()`). */
  readonly url: string
  readonly devices: readonly { readonly id: string; readonly secretFile: string }[]
  /** Where relative secret files are looked for. */
  readonly baseDir: string
  readonly clock?: Clock
  readonly logger: Logger
  readonly maxUnsettled?: number
}

/**
 * An MQTT 3.1.1 broker of the gateway's own, for devices that publish below `homebeat/v1/<device id>/`. Nobody else
 * may connect. PUBACK (QoS 1) and PUBREC (QoS 2) are sent when the frame is settled: what a sender has had
 * acknowledged is on the disk.
 *
 * MQTT 3.1.1 has no negative acknowledgement (3.3.5.2): a message that will never be kept is counted and acknowledged,
 * or the sender would repeat it for ever; one that cannot be kept now closes the connection, so that it is repeated.
 * A topic outside the device's own, and a retained message, close the connection too: that is a wrong program.
 */
export class BrokerTransport implements Transport {
  readonly name: string
  readonly #url: MqttAddress
  readonly #options: BrokerTransportOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #outlet: Outlet
  readonly #maxUnsettled: number
  readonly #sockets = new Set<Socket>()
  #running: Promise<void> | null = null
  #devices: DeviceRegister | null = null
  #slots: Slots
  #broker: Aedes | null = null
  #server: Server | null = null
  #stopped = true

  constructor(options: BrokerTransportOptions) {
    this.name = options.name
    this.#options = options
    this.#url = parseMqttUrl(options.url)
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ transport: options.name })
    this.#maxUnsettled = options.maxUnsettled ?? MAX_UNSETTLED
    this.#slots = new Slots(this.#maxUnsettled)
    this.#outlet = new Outlet({ name: options.name, clock: this.#clock, capacity: this.#maxUnsettled })
  }

  /** @throws HomebeatError `mqtt.port-in-use`, `mqtt.cannot-listen`, `secret.*` */
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
    this.#slots.close()
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
    const url = `mqtt+broker://${where}`
    if (!this.#server?.listening || !this.#broker)
      return { name: this.name, url, state: 'stopped', sentence: `the broker on ${where} is not running` }
    const connected = this.#broker.connectedClients
    const allowed = this.#devices?.size ?? 0
    return {
      name: this.name,
      url,
      state: connected > 0 ? 'connected' : 'waiting',
      sentence: `${connected} of ${allowed} devices connected to the broker on ${where}`,
    }
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
    this.#outlet.open()
    this.#devices = DeviceRegister.load(this.#options.devices, this.#options.baseDir)
    const broker = await Aedes.createBroker({
      preConnect: (_client, packet, done) => {
        // A will would be published in the name of a device that has just gone. Its going is an event of ours anyway.
        delete (packet as { will?: unknown }).will
        done(null, true)
      },
      authenticate: (client, user, password, done) => this.#authenticate(client, user, password, done),
      authorizePublish: (client, packet, done) => void this.#receive(client, packet, done),
      authorizeSubscribe: (client, subscription, done) =>
        // null is the SUBACK failure code 0x80 (3.9.3).
        done(null, subscription.topic.startsWith(ownTopics(client)) ? subscription : null),
      authorizeForward: (client, packet) => (packet.topic.startsWith(ownTopics(client)) ? packet : null),
    })
    this.#broker = broker
    broker.on('client', ({ id }) => this.#say('connected', id))
    broker.on('clientDisconnect', ({ id }) => this.#say('disconnected', id))
    broker.on('clientError', ({ id }, error) => this.#logger.debug({ device: id, reason: error.message }, 'MQTT error'))
    broker.on('connectionError', (_client, error) => this.#logger.debug({ reason: error.message }, 'MQTT error'))
    await this.#listen(broker)
    if (this.#stopped) throw new HomebeatError('transport.stopped', 'the broker was stopped while it started')
    const where = `${this.#url.host}:${this.address().port}`
    this.#logger.info({ devices: this.#devices.size }, `MQTT broker listens on ${where}`)
    if (!isLoopback(this.#url.host))
      this.#logger.warn(
        `the MQTT broker on ${where} can be reached from the network and speaks without encryption: use it only on a network of trusted devices`,
      )
  }

  async #listen(broker: Aedes): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      socket.setKeepAlive(true, 30_000)
      limitPackets(socket, MAX_PACKET_BYTES, () => this.#refuse('packets too long to be read', 'packet'))
      broker.handle(socket)
    })
    server.maxConnections = MAX_CONNECTIONS
    this.#server = server
    const { host, port } = this.#url
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, host, port)))
      server.listen({ host, port }, resolve)
    })
    server.on('error', (error) => this.#logger.error({ reason: error.message }, 'the MQTT broker has an error'))
  }

  #authenticate(
    client: Client,
    user: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    if (this.#devices?.admits(client.id, user, password)) {
      done(null, true)
      return
    }
    this.#refuse('connections of unknown devices or with a wrong password', 'login')
    // 4 = bad user name or password (3.2.2.3); also for a device that is not known, so that nobody can ask which are.
    done(Object.assign(new Error('bad user name or password'), { returnCode: 4 }) as AuthenticateError, false)
  }

  async #receive(client: Client | null, packet: PublishPacket, done: Done): Promise<void> {
    const receivedAt = this.#clock.now()
    if (!client) return done(new Error('only devices publish'))
    const own = ownTopics(client)
    if (!packet.topic.startsWith(own) || packet.topic.length === own.length) {
      this.#refuse('messages on a topic that is not the device’s own', client.id)
      return done(new Error(`${client.id} may publish below ${own} only`))
    }
    if (packet.retain) {
      this.#refuse('retained messages', client.id)
      return done(new Error('retained messages are not accepted'))
    }
    const payload = Buffer.from(packet.payload)
    if (payload.length > MAX_PAYLOAD_BYTES) {
      this.#refuse(`messages of more than ${MAX_PAYLOAD_BYTES / 1024} KiB`, client.id)
      return this.#acknowledge(client, packet, done)
    }
    // A QoS 2 message sent again although it was kept, because our PUBREC got lost: aedes answers it by itself.
    if (packet.qos === 2 && packet.dup && (await this.#isStored(client, packet))) return done()
    const slots = this.#slots
    if (!(await slots.take())) return
    if (client.closed) return slots.release()
    let settled = false
    this.#outlet.push({
      format: 'mqtt-publish',
      transport: this.name,
      receivedAt,
      topic: packet.topic,
      payload,
      deviceId: client.id,
      settle: (outcome) => {
        if (settled) return
        settled = true
        slots.release()
        this.#settle(client, packet, outcome, done)
      },
    })
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

function ownTopics(client: Client): string {
  return `${TOPIC_ROOT}${client.id}/`
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
