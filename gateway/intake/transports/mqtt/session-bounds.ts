/**
 * Bounds what aedes keeps of a device's session. Nothing that a device publishes is forwarded: it is for the gateway alone,
 * and a subscriber that does not read would hold up the others. What is left of a subscription serves enrolment.
 */
import type { Broker, Client, PublishPacket, Subscription } from './aedes.js'

/** ESPHome subscribes one for each component that takes commands. */
export const MAX_FILTERS = 64
const MAX_FILTER_BYTES = 256
const NOTHING = Buffer.alloc(0)

export class SessionBounds {
  readonly #filters = new WeakMap<Client, Set<string>>()

  /** Whether the session may hold this filter too; it is then counted. */
  admit(client: Client, { topic }: Pick<Subscription, 'topic'>): boolean {
    let filters = this.#filters.get(client)
    if (!filters) {
      filters = new Set()
      this.#filters.set(client, filters)
    }
    if (filters.has(topic)) return true
    if (filters.size >= MAX_FILTERS || Buffer.byteLength(topic) > MAX_FILTER_BYTES) return false
    filters.add(topic)
    return true
  }

  /** @param broker listens already */
  install(broker: Broker): void {
    const { persistence } = broker
    const publish = broker.publish.bind(broker)
    broker.publish = (packet: PublishPacket, client: unknown, done?: () => void) => {
      if (typeof client === 'function') publish(packet, client as () => void)
      else done?.()
    }
    broker.on('unsubscribe', (topics, client) => {
      for (const topic of topics) this.#filters.get(client)?.delete(topic)
    })
    // aedes keeps all filters of a SUBSCRIBE as soon as one of them is granted.
    const add = persistence.addSubscriptions.bind(persistence)
    persistence.addSubscriptions = (client, subscriptions) =>
      add(
        client,
        subscriptions.filter(({ topic }) => this.#filters.get(client)?.has(topic)),
      )
    // The frame is committed: of a QoS 2 message only its number is needed until its exchange ends.
    const store = persistence.incomingStorePacket.bind(persistence)
    persistence.incomingStorePacket = (client, packet) => store(client, { ...packet, topic: '', payload: NOTHING })
  }
}
