import type { Logger } from '#gateway/platform/logger.js'
import { enrolmentTopic } from './acl.js'
import type { Client } from './aedes.js'
import type { EnrolledDevices } from './enrolled-devices.js'

/** Gives a credential to each device that is connected by its one-time code. Such a device may do nothing else. */
export class Enrolment {
  readonly #store: EnrolledDevices | undefined
  readonly #logger: Logger
  readonly #clients = new WeakSet<Client>()
  readonly #served = new WeakSet<Client>()

  constructor(store: EnrolledDevices | undefined, logger: Logger) {
    this.#store = store
    this.#logger = logger
  }

  begin(client: Client): void {
    this.#clients.add(client)
  }

  has(client: Client): boolean {
    return this.#clients.has(client)
  }

  /** A client has subscribed: an enrolling one gets its credential, once for each connection. */
  subscribed(client: Client): void {
    if (!this.has(client) || this.#served.has(client)) return
    this.#served.add(client)
    void this.#issue(client)
  }

  /** A client has acknowledged what it was sent. */
  acknowledged(client: Client): void {
    if (!this.has(client)) return
    const { id } = client
    try {
      this.#store?.delivered(id)
      this.#logger.info({ device: id }, 'a device has its new credential')
    } catch (error) {
      // Its first use says the same, as long as the code is good.
      this.#logger.error({ device: id, err: error }, 'that a device has its new credential could not be kept')
    }
  }

  async #issue(client: Client): Promise<void> {
    try {
      const credential = await this.#store?.issue(client.id)
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
}
