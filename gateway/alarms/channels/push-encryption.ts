/** Message encryption for Web Push (RFC 8291) in the one record that push services take (RFC 8188, `aes128gcm`). */
import { createCipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto'

const RECORD_BYTES = 4096
const TAG_BYTES = 16
/** RFC 8291, section 4: what fits in the single record, beside header (86), delimiter and tag. */
export const MAX_PUSH_BYTES = RECORD_BYTES - 86 - 1 - TAG_BYTES
/** Ends the last record (RFC 8188, section 2). */
const LAST_RECORD = Buffer.of(2)

export interface PushKeys {
  /** The browser's public key: 65 bytes. */
  readonly p256dh: Buffer
  /** 16 bytes that the browser shares with its sender. */
  readonly auth: Buffer
}

/** Key and salt that are made anew for each message. */
export interface Ephemeral {
  readonly salt: Buffer
  readonly sender: ECDH
}

/** @throws Error where `p256dh` is no point of the curve, or the text is too long. */
export function encryptPush(
  text: Buffer,
  keys: PushKeys,
  { salt, sender }: Ephemeral = newEphemeral(),
): Uint8Array<ArrayBuffer> {
  if (text.length > MAX_PUSH_BYTES) throw new Error('the message does not fit in one record')
  const senderKey = sender.getPublicKey()
  const shared = sender.computeSecret(keys.p256dh)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.p256dh, senderKey])
  const secret = derive(shared, keys.auth, info, 32)
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12)
  const cipher = createCipheriv('aes-128-gcm', key, nonce)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(RECORD_BYTES)
  return new Uint8Array(
    Buffer.concat([
      salt,
      size,
      Buffer.of(senderKey.length),
      senderKey,
      cipher.update(text),
      cipher.update(LAST_RECORD),
      cipher.final(),
      cipher.getAuthTag(),
    ]),
  )
}

/** HKDF (RFC 5869) with SHA-256. */
function derive(secret: Buffer, salt: Buffer, info: Buffer, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes))
}

function newEphemeral(): Ephemeral {
  const sender = createECDH('prime256v1')
  sender.generateKeys()
  return { salt: randomBytes(16), sender }
}
