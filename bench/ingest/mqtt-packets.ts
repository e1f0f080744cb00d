/** The few MQTT 3.1.1 packets that a publisher needs (OASIS standard of 29 October 2014, chapter 3). */

/** First byte of a PUBACK (3.4): type 4, no flags. */
export const PUBACK = 0x40
export const PUBACK_BYTES = 4
export const CONNACK_BYTES = 4

const CONNECT = 0x10
const PUBLISH_QOS1 = 0x32
const CLEAN_SESSION = 0x02
const PASSWORD = 0x40
const USER_NAME = 0x80

/** 3.1: clean session, no keep-alive, user name = client id where there is a password. */
export function connectPacket(clientId: string, password?: string): Buffer {
  const flags = CLEAN_SESSION | (password === undefined ? 0 : USER_NAME | PASSWORD)
  const credentials = password === undefined ? [] : [text(clientId), text(password)]
  return packet(CONNECT, text('MQTT'), Buffer.of(4, flags, 0, 0), text(clientId), ...credentials)
}

/** 3.3, QoS 1. @param id 1–65535 */
export function publishPacket(topic: string, payload: string, id: number): Buffer {
  return packet(PUBLISH_QOS1, text(topic), Buffer.of(id >> 8, id & 0xff), Buffer.from(payload))
}

function packet(first: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const length: number[] = []
  let left = body.length
  do {
    length.push((left % 128) | (left >= 128 ? 0x80 : 0))
    left = Math.floor(left / 128)
  } while (left > 0)
  return Buffer.concat([Buffer.of(first, ...length), body])
}

/** 1.5.3: its length in two bytes, then the text. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}
