import type { Logger } from '#gateway/platform/logger.js'
import { SaidOnce } from '#gateway/platform/said-once.js'
import { DEVICE_ID } from './address.js'
import type { Client, ConnectPacket } from './aedes.js'

/** Reason code 0x84 of a CONNACK (MQTT 5, 3.2.2.2). */
const UNSUPPORTED_VERSION = 0x84
const REASON_STRING = 0x1f
const REASON = Buffer.from('This broker speaks MQTT 3.1.1: set the protocol version of this device to 3.1.1 (4)')

/** Turns clients of MQTT 5 away in their own words, and says what to change at the device. */
export class Mqtt5 {
  readonly #logger: Logger
  readonly #said = new SaidOnce(100)

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** @param done when the answer is on its way: the connection may be destroyed */
  refuse({ conn }: Client, { clientId, properties }: ConnectPacket, done: () => void): void {
    const device = DEVICE_ID.test(clientId) ? clientId : 'unknown'
    if (this.#said.first(device))
      this.#logger.warn({ device }, `device ${device} is refused: it speaks MQTT 5. Set its protocol version to 3.1.1`)
    const reason = Buffer.concat([Buffer.of(REASON_STRING, 0, REASON.length), REASON])
    const fits = (properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY) >= reason.length + 5
    const said = fits ? reason : Buffer.alloc(0)
    conn.end(Buffer.concat([Buffer.of(0x20, said.length + 3, 0, UNSUPPORTED_VERSION, said.length), said]), done)
  }
}
