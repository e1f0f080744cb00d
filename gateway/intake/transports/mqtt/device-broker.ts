import type { Socket } from 'node:net'
import { Aedes } from 'aedes'
import type { Outlet } from '#gateway/intake/transports/outlet.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { ConnectionPlaces } from '#gateway/platform/net/connection-places.js'
import { enrolmentTopic, isText, mayRead, NO_TEXT } from './acl.js'
import { Admission } from './admission.js'
import {
  type Broker,
  type Client,
  type ConnectPacket,
  type Done,
  type PublishPacket,
  refusal,
  type Subscription,
} from './aedes.js'
import type { AllowedDevices } from './allowed-devices.js'
import { BROKER_PLACES } from './broker-listener.js'
import type { EnrolledDevices } from './enrolled-devices.js'
import { Enrolment } from './enrolment.js'
import { MessageIntake, type MessageIntakeDependencies } from './message-intake.js'
import { Mqtt5 } from './mqtt-5.js'
import type { Presence } from './presence.js'
import { MAX_FILTERS, SessionBounds } from './session-bounds.js'

export interface DeviceBrokerDependencies extends Omit<MessageIntakeDependencies, 'refuse'> {
  readonly store: EnrolledDevices | undefined
  readonly presence: Presence
  /** Told of a CONNECT that has come, and of a connection that was let in. */
  readonly places: Pick<ConnectionPlaces, 'asks' | 'admitted'>
}

/** aedes with the gateway's rules: who may connect, publish and read, and who is there. One for each run of the transport. */
export class DeviceBroker {
  readonly #places: DeviceBrokerDependencies['places']
  readonly #devices: AllowedDevices
  readonly #presence: Presence
  readonly #outlet: Outlet
  readonly #logger: Logger
  readonly #enrolment: Enrolment
  readonly #admission: Admission
  readonly #intake: MessageIntake
  readonly #bounds = new SessionBounds()
  readonly #mqtt5: Mqtt5
  readonly #aedes: Broker
  readonly #stopWatchingStore: () => void
  #closed = false

  constructor(dependencies: DeviceBrokerDependencies) {
    const { devices, presence, outlet, store, clock, logger } = dependencies
    this.#places = dependencies.places
    this.#devices = devices
    this.#presence = presence
    this.#outlet = outlet
    this.#logger = logger
    const refuse = (what: string, from: string) => this.refuse(what, from)
    this.#enrolment = new Enrolment(store, logger)
    this.#admission = new Admission({ devices, enrolment: this.#enrolment, refuse, clock, logger })
    this.#intake = new MessageIntake({ ...dependencies, refuse })
    this.#mqtt5 = new Mqtt5(logger)
    this.#aedes = this.#build()
    this.#stopWatchingStore = store?.onRevoked((id) => this.#revoke(id)) ?? (() => {})
  }

  async listen(): Promise<void> {
    await this.#aedes.listen()
    this.#bounds.install(this.#aedes)
  }

  /** @param socket read with `read()` on `readable` */
  handle(socket: Socket): void {
    this.#aedes.handle(socket)
  }

  /** Ends the connections of all who were let in. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopWatchingStore()
    this.#intake.close()
    await new Promise<void>((resolve) => this.#aedes.close(resolve))
  }

  /** Devices that are connected now, without those that only enrol. */
  get connected(): number {
    return Object.values(this.#aedes.clients).filter((client) => !this.#enrolment.has(client)).length
  }

  /** Counts what was not taken. @param what one of a few fixed phrases */
  refuse(what: string, from: string): void {
    this.#logger.debug({ device: from }, `refused: ${what}`)
    this.#outlet.refuse(what)
  }

  #build(): Broker {
    const admission = this.#admission
    const broker = new Aedes({
      connectTimeout: BROKER_PLACES.patienceMs,
      preConnect: (client, packet, done) => {
        this.#places.asks(client.conn as Socket)
        const connect = packet as ConnectPacket
        admission.note(client, connect)
        const wrong = malformed(connect)
        if (wrong || connect.protocolVersion !== 5) return done(wrong, wrong === null)
        this.refuse('connections with MQTT 5', 'login')
        this.#mqtt5.refuse(client, connect, () => done(new Error('MQTT 5'), false))
      },
      authenticate: (client, user, password, done) =>
        void admission.authenticate(client, user, password, done).catch((error: unknown) => {
          this.#logger.error({ err: error }, 'a login could not be checked')
          done(refusal(3), false)
        }),
      authorizePublish: (client, packet, done) => this.#receive(client, packet, done),
      // null is the SUBACK failure code 0x80 (3.9.3).
      authorizeSubscribe: (client, subscription, done) => {
        if (isText(subscription.topic)) done(null, this.#maySubscribe(client, subscription) ? subscription : null)
        else done(new Error(NO_TEXT))
      },
      authorizeForward: (client, packet) => (this.#mayRead(client, packet) ? packet : null),
    }) as Broker
    broker.on('client', (client) => this.#came(client))
    broker.on('clientDisconnect', (client) => this.#went(client))
    broker.on('subscribe', (_subscriptions, client) => this.#enrolment.subscribed(client))
    broker.on('unsubscribe', (topics, client) => {
      if (!topics.every(isText)) client.close()
    })
    broker.on('ack', (_packet, client) => this.#enrolment.acknowledged(client))
    broker.on('clientError', ({ id }, error) => this.#logger.debug({ device: id, reason: error.message }, 'MQTT error'))
    broker.on('connectionError', (_client, error) => this.#logger.debug({ reason: error.message }, 'MQTT error'))
    return broker
  }

  #maySubscribe(client: Client, subscription: Subscription): boolean {
    if (!this.#mayRead(client, subscription)) return false
    if (this.#bounds.admit(client, subscription)) return true
    this.refuse(`subscriptions above ${MAX_FILTERS} of one session, or too long`, client.id)
    return false
  }

  /** @param what a subscription, or a message that is to be forwarded. */
  #mayRead(client: Client, what: Pick<Subscription, 'topic' | 'qos'>): boolean {
    if (this.#enrolment.has(client)) return what.topic === enrolmentTopic(client.id) && what.qos > 0
    return mayRead(this.#devices.owner(client.id), what.topic)
  }

  #came(client: Client): void {
    const { id } = client
    this.#places.admitted(client.conn as Socket)
    // What it sent meanwhile was not read.
    client.conn.emit('readable')
    // Revoked between its password and here.
    if (!this.#devices.ids.has(id)) {
      client.close()
      return
    }
    if (this.#enrolment.has(client)) {
      this.#logger.info({ device: id }, 'a device enrols with its code')
      return
    }
    if (this.#admission.hasWill(client)) this.#presence.here(id)
    else this.#presence.gone(id)
    this.#say('connected', id)
  }

  #went(client: Client): void {
    this.#intake.left(client)
    if (this.#closed || this.#enrolment.has(client)) return
    if (this.#admission.keptWill(client)) this.#presence.gone(client.id)
    this.#say('disconnected', client.id)
  }

  #revoke(id: string): void {
    const client = this.#aedes.clients[id]
    if (client) client.close(() => this.#presence.gone(id))
    else this.#presence.gone(id)
  }

  #receive(client: Client | null, packet: PublishPacket, done: Done): void {
    if (!client) {
      done(new Error('only devices publish'))
    } else if (!isText(packet.topic)) {
      this.refuse('packets whose text is no UTF-8', client.id)
      done(new Error(NO_TEXT))
    } else if (this.#admission.takeWill(packet)) {
      if (!this.#closed) this.#presence.lost(client.id)
      done(new Error('a last will is for the gateway alone'))
    } else if (this.#enrolment.has(client)) {
      this.refuse('messages of a device that has not enrolled yet', client.id)
      done(new Error(`${client.id} may only fetch its credential`))
    } else this.#intake.take(this.#aedes, client, packet, done)
  }

  #say(event: 'connected' | 'disconnected', deviceId: string): void {
    if (this.#closed) return
    const detail = `device ${deviceId} ${event}`
    this.#logger.info(detail)
    this.#outlet.event(event, detail, deviceId)
  }
}

/** MQTT 3.1.1, 1.5.3: such a packet ends the connection. */
function malformed({ clientId, username, will }: ConnectPacket): Error | null {
  return [clientId, username ?? '', will?.topic ?? ''].every(isText) ? null : new Error(NO_TEXT)
}
