import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readOrCreateSecret } from '#gateway/platform/secrets/create-secret.js'

const EXPIRY_BYTES = 4
const NONCE_BYTES = 6
const TAG_BYTES = 16
const HEAD_BYTES = EXPIRY_BYTES + NONCE_BYTES
const KEY_BYTES = 32
const TOKEN = /^[A-Za-z0-9_-]{35}$/

/** What a link allows: this contact to acknowledge this alert. */
export interface Bearer {
  readonly alertId: string
  readonly contact: string
}

/** @returns 32 bytes, made at the first use. @throws HomebeatError `links.key`, `secret.*` */
export async function loadOrCreateLinkKey(path: string): Promise<Buffer> {
  const text = await readOrCreateSecret(path, () => randomBytes(KEY_BYTES).toString('base64url'))
  const key = Buffer.from(text, 'base64url')
  if (key.length === KEY_BYTES) return key
  throw new HomebeatError(
    'links.key',
    `The key file ${path} does not hold a key of links: delete it, and links sent before will not work any more.`,
  )
}

/**
 * base64url(expiry, uint32 seconds ‖ 6 random bytes ‖ first 16 bytes of HMAC-SHA256 over both, alert and contact). Alert and
 * contact do not stand in it: a link that strays into somebody's log says nothing.
 */
export class LinkTokens {
  readonly #key: Uint8Array
  readonly #validMs: number
  readonly #clock: Clock

  constructor(options: { readonly key: Uint8Array; readonly validMinutes: number; readonly clock: Clock }) {
    this.#key = options.key
    this.#validMs = options.validMinutes * 60_000
    this.#clock = options.clock
  }

  make({ alertId, contact }: Bearer): string {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt32BE(Math.floor((this.#clock.now() + this.#validMs) / 1000))
    randomBytes(NONCE_BYTES).copy(head, EXPIRY_BYTES)
    return Buffer.concat([head, this.#tag(head, { alertId, contact })]).toString('base64url')
  }

  /** @param candidates what the link may be for. @returns null where it is expired, forged, or for something else */
  read(token: string, candidates: Iterable<Bearer>): Bearer | null {
    if (!TOKEN.test(token)) return null
    const bytes = Buffer.from(token, 'base64url')
    const head = bytes.subarray(0, HEAD_BYTES)
    if (head.readUInt32BE() * 1000 <= this.#clock.now()) return null
    for (const bearer of candidates)
      if (timingSafeEqual(bytes.subarray(HEAD_BYTES), this.#tag(head, bearer))) return bearer
    return null
  }

  #tag(head: Uint8Array, { alertId, contact }: Bearer): Buffer {
    const text = JSON.stringify(['homebeat-link-1', alertId, contact])
    return createHmac('sha256', this.#key).update(head).update(text).digest().subarray(0, TAG_BYTES)
  }
}
