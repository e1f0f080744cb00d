import type { Outlet } from '#gateway/intake/transports/outlet.js'
import type { FrameOutcome } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { mayPublish, statusOf, statusTopic } from './acl.js'
import { MAX_PAYLOAD_BYTES } from './address.js'
import type { Broker, Client, Done, PublishPacket } from './aedes.js'
import type { AllowedDevices } from './allowed-devices.js'
import { ForeignTopics } from './foreign-topics.js'
import { Slots } from './slots.js'
import { Throttle } from './throttle.js'

/** Messages longer than the contract allows whose commit is awaited. */
const MAX_LONG = 16

export interface MessageIntakeDependencies {
  readonly transport: string
  readonly devices: AllowedDevices
  readonly outlet: Outlet
  /** Counts what was refused, in one of a few fixed phrases. */
  readonly refuse: (what: string, device: string) => void
  readonly limits: { readonly messagesPerSecond: number; readonly burst: number }
  /** Messages whose commit is awaited, over all devices; more wait on their connections. */
  readonly maxUnsettled: number
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Makes a Frame of each PUBLISH of an admitted device, and lets aedes acknowledge when the frame is settled.
 *
 * MQTT 3.1.1 has no negative acknowledgement (3.3.5.2): a message that will never be kept is counted and acknowledged,
 * or the sender would repeat it for ever; one that cannot be kept now closes the connection, so that it is repeated.
 * A message outside the device's own topics is dropped and said once: firmware publishes its state where it likes, and
 * its readings are on its own topics. RETAIN is a wish to this broker, which keeps nothing for others.
 */
export class MessageIntake {
  readonly #dependencies: MessageIntakeDependencies
  readonly #slots: Slots
  readonly #longSlots = new Slots(MAX_LONG)
  readonly #throttles = new Map<string, Throttle>()
  readonly #foreign: ForeignTopics

  constructor(dependencies: MessageIntakeDependencies) {
    this.#dependencies = dependencies
    this.#slots = new Slots(dependencies.maxUnsettled)
    this.#foreign = new ForeignTopics(dependencies.logger)
  }

  close(): void {
    this.#slots.close()
    this.#longSlots.close()
    for (const throttle of this.#throttles.values()) throttle.close()
    this.#throttles.clear()
  }

  /** A device has gone: nothing of what still waited is needed, it sends it again. */
  left(client: Client): void {
    this.#throttles.get(client.id)?.forget(client)
    this.#slots.forget(client)
    this.#longSlots.forget(client)
  }

  /** @param done lets aedes acknowledge; with an error it closes the connection. */
  take(broker: Broker, client: Client, packet: PublishPacket, done: Done): void {
    const receivedAt = this.#dependencies.clock.now()
    const go = () => this.#check(broker, client, packet, receivedAt, done)
    // Nearly every message finds its turn and its place at once: a promise for each of the two would be waited for in vain.
    const throttle = this.#throttle(client.id)
    if (throttle.tryTake()) go()
    else void throttle.take(client).then((turn) => turn && !client.closed && go())
  }

  /** A message whose turn it is. */
  #check(broker: Broker, client: Client, packet: PublishPacket, receivedAt: number, done: Done): void {
    const { devices, refuse } = this.#dependencies
    packet.retain = false
    if (!mayPublish(devices.owner(client.id), packet.topic)) {
      refuse('messages on a topic that is not the device’s own', client.id)
      this.#foreign.note(client.id, packet.topic)
      acknowledge(client, packet, done)
      return
    }
    if (packet.topic === statusTopic(client.id) && statusOf(Buffer.from(packet.payload)) !== null) {
      // That it is connected says the same.
      acknowledge(client, packet, done)
      return
    }
    const place = () => this.#place(client, packet, receivedAt, done)
    // A QoS 2 message sent again although it was kept, because our PUBREC got lost: aedes answers it by itself.
    if (packet.qos === 2 && packet.dup)
      void broker.persistence.incomingGetPacket(client, packet).then(() => done(), place)
    else place()
  }

  /** A message that is taken, once there is a place. */
  #place(client: Client, packet: PublishPacket, receivedAt: number, done: Done): void {
    // A message that is too long to be a reading is kept with its reason; a few at a time, for the memory's sake.
    const slots = packet.payload.length > MAX_PAYLOAD_BYTES ? this.#longSlots : this.#slots
    if (slots.tryTake()) {
      this.#push(client, packet, receivedAt, slots, done)
      return
    }
    void slots.take(client).then((given) => {
      if (!given) return
      if (client.closed) slots.release()
      else this.#push(client, packet, receivedAt, slots, done)
    })
  }

  #push(client: Client, packet: PublishPacket, receivedAt: number, slots: Slots, done: Done): void {
    let settled = false
    this.#dependencies.outlet.push({
      format: 'mqtt-publish',
      transport: this.#dependencies.transport,
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

  #settle(client: Client, packet: PublishPacket, outcome: FrameOutcome, done: Done): void {
    const { logger } = this.#dependencies
    if (outcome.outcome === 'not-stored') {
      logger.warn({ device: client.id, code: outcome.code }, 'a message could not be stored: its sender must repeat it')
      if (!client.closed) done(new Error(`not stored: ${outcome.code}`))
      return
    }
    if (outcome.outcome === 'refused') logger.warn({ device: client.id, code: outcome.code }, 'a message was refused')
    acknowledge(client, packet, done)
  }

  #throttle(id: string): Throttle {
    let throttle = this.#throttles.get(id)
    if (!throttle) {
      const { clock, limits } = this.#dependencies
      throttle = new Throttle({ clock, perSecond: limits.messagesPerSecond, burst: limits.burst })
      this.#throttles.set(id, throttle)
    }
    return throttle
  }
}

/** Lets aedes go on, which then acknowledges. */
function acknowledge(client: Client, packet: PublishPacket, done: Done): void {
  // To a connection that has gone nothing can be said, but the session of a QoS 2 sender must remember the message.
  if (client.closed && (packet.qos !== 2 || client.clean)) return
  done()
}
