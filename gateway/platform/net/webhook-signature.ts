/**
 * Standard Webhooks 1.0, symmetric signatures: HMAC-SHA256 over `<id>.<timestamp>.<body>`, base64.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { HomebeatError } from '#gateway/platform/errors.js'

/** Bytes of a secret: 192 to 512 bits, by the specification. */
const [SHORTEST, LONGEST] = [24, 64]
const NEW_SECRET_BYTES = 32
/** A sender may sign with more than one secret while one replaces the other. */
const MOST_SIGNATURES = 5

export interface SignedMessage {
  readonly id: string
  /** Epoch seconds at which the sender says that it signed. */
  readonly timestamp: number
}

/** A new secret as its file holds it: `whsec_` and base64. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(NEW_SECRET_BYTES).toString('base64')}`
}

/** @param text `whsec_` and base64. @param whose for the message, e.g. `liveness.targets[clinic]`. @throws HomebeatError `secret.webhook` */
export function parseWebhookSecret(text: string, whose: string): Buffer {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const secret = Buffer.from(encoded ?? '', 'base64')
  if (secret.length < SHORTEST || secret.length > LONGEST)
    throw new HomebeatError(
      'secret.webhook',
      `The secretFile of ${whose} must hold whsec_ and ${SHORTEST} to ${LONGEST} bytes as base64: echo "whsec_$(openssl rand -base64 32)" makes one.`,
    )
  return secret
}

/** @param at epoch ms of this attempt: a receiver refuses what is older than a few minutes. */
export function signatureHeaders(
  secret: Buffer,
  id: string,
  at: number,
  body: string | Buffer,
): Record<string, string> {
  const timestamp = Math.floor(at / 1000)
  const signature = sign(secret, id, timestamp, body).toString('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` }
}

/** Whether the sender of this body, id and time holds the secret; null where it does not. Whether the time is near enough is for
 * the caller to say.
 * @param headers with lower-case names, as Node gives them
 */
export function verifySignature(
  secret: Buffer,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string | Buffer,
): SignedMessage | null {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => headers[name],
  )
  if (typeof id !== 'string' || id.length === 0 || id.length > 200) return null
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return null
  if (typeof signatures !== 'string' || signatures.length > 1000) return null
  const expected = sign(secret, id, Number(timestamp), body)
  const given = signatures.split(' ').slice(0, MOST_SIGNATURES)
  const holds = given.some((one) => one.startsWith('v1,') && isSame(Buffer.from(one.slice(3), 'base64'), expected))
  return holds ? { id, timestamp: Number(timestamp) } : null
}

function sign(secret: Buffer, id: string, timestamp: number, body: string | Buffer): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest()
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
