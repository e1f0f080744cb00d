/**
 * AES-256-GCM for each row's blob: health values are unreadable to whoever takes the card.
 *
 * Sealed: version (1 byte) ‖ generation (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16).
 *
 * A generation is a random salt, new with each process and after ROWS_PER_GENERATION rows; its key is
 * HKDF-SHA256(journal key, salt = generation). So the bound on random 96-bit nonces (NIST SP 800-38D § 8.3: 2^32 under
 * one key, for a chance of a repeat below 2^-32) is for one generation, and is never near: at 20 rows a second a
 * generation of 2^28 rows lasts five months, its chance of a repeated nonce is 2^-41.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomFillSync } from 'node:crypto'
import { HomebeatError } from '#gateway/platform/errors.js'

export interface RowCipher {
  /** @param context where the bytes belong, e.g. table, column and identifier: they open nowhere else */
  seal(plain: Uint8Array, context: string): Uint8Array
  /** @throws HomebeatError `journal.altered`: altered, from another place, or under another key */
  open(sealed: Uint8Array, context: string): Uint8Array
}

const VERSION = 1
const GENERATION_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const NONCE_AT = 1 + GENERATION_BYTES
const TEXT_AT = NONCE_AT + NONCE_BYTES
const ROWS_PER_GENERATION = 2 ** 28
/** Nonces are drawn from the system many at a time: a call for each would cost as much as the encryption. */
const NONCES_AT_ONCE = 512
/** Subkeys kept at hand for reading: each start of the gateway made one. */
const SUBKEYS_KEPT = 64

/** @param key 32 bytes */
export function createRowCipher(key: Uint8Array): RowCipher {
  const subkeys = new Map<string, Buffer>()
  const subkeyOf = (generation: Uint8Array): Buffer => {
    const name = Buffer.from(generation.buffer, generation.byteOffset, generation.byteLength).toString('latin1')
    let subkey = subkeys.get(name)
    if (!subkey) {
      if (subkeys.size >= SUBKEYS_KEPT) subkeys.clear()
      subkey = Buffer.from(hkdfSync('sha256', key, generation, 'homebeat journal rows 1', 32))
      subkeys.set(name, subkey)
    }
    return subkey
  }

  let head: Buffer = Buffer.alloc(0)
  let subkey: Buffer = Buffer.alloc(0)
  let left = 0
  const nonces = Buffer.alloc(NONCE_BYTES * NONCES_AT_ONCE)
  let nonceAt = nonces.length

  return {
    seal(plain, context) {
      if (left-- <= 0) {
        head = Buffer.concat([Buffer.of(VERSION), randomBytes(GENERATION_BYTES)])
        subkey = subkeyOf(head.subarray(1))
        left = ROWS_PER_GENERATION - 1
      }
      if (nonceAt === nonces.length) {
        randomFillSync(nonces)
        nonceAt = 0
      }
      const nonce = nonces.subarray(nonceAt, nonceAt + NONCE_BYTES)
      nonceAt += NONCE_BYTES
      const cipher = createCipheriv('aes-256-gcm', subkey, nonce)
      cipher.setAAD(Buffer.from(context))
      const text = cipher.update(plain)
      // GCM is a stream: `final` gives no bytes, only the tag.
      cipher.final()
      const sealed = Buffer.allocUnsafe(TEXT_AT + text.length + TAG_BYTES)
      head.copy(sealed)
      nonce.copy(sealed, NONCE_AT)
      text.copy(sealed, TEXT_AT)
      cipher.getAuthTag().copy(sealed, TEXT_AT + text.length)
      return sealed
    },

    open(sealed, context) {
      try {
        if (sealed[0] === VERSION && sealed.length >= TEXT_AT + TAG_BYTES) {
          const end = sealed.length - TAG_BYTES
          const nonce = sealed.subarray(NONCE_AT, TEXT_AT)
          const decipher = createDecipheriv('aes-256-gcm', subkeyOf(sealed.subarray(1, NONCE_AT)), nonce)
          decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(end))
          const plain = decipher.update(sealed.subarray(TEXT_AT, end))
          decipher.final()
          return plain
        }
      } catch {
        // Said below, without the library's words.
      }
      throw new HomebeatError(
        'journal.altered',
        'A row of the journal does not open: it was altered, or is not where it was written. Run homebeat journal check.',
      )
    },
  }
}

/** Tells whether a key is the one a journal was written with, and nothing about the key. 16 bytes. */
export function keyCheckOf(key: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'homebeat journal key check 1', 16))
}
