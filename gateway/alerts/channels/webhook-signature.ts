/** Standard Webhooks 1.0 (github.com/standard-webhooks): symmetric signatures. */
import { createHmac } from 'node:crypto'
import { HomebeatError } from '#gateway/runtime/errors.js'

/** 192 to 512 bits, by the specification. */
const [SHORTEST, LONGEST] = [24, 64]

/** @param text `whsec_` and base64. @throws HomebeatError `channel.webhook-secret` */
export function parseWebhookSecret(text: string, channel: string): Buffer {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  const secret = Buffer.from(encoded ?? '', 'base64')
  if (secret.length < SHORTEST || secret.length > LONGEST)
    throw new HomebeatError(
      'channel.webhook-secret',
      `The secretFile of the alert channel ${channel} must hold whsec_ and ${SHORTEST} to ${LONGEST} bytes as base64: echo "whsec_$(openssl rand -base64 32)" makes one.`,
    )
  return secret
}

/** @param at epoch ms of this attempt: a receiver refuses what is older than a few minutes. */
export function signatureHeaders(secret: Buffer, id: string, at: number, body: string): Record<string, string> {
  const timestamp = Math.floor(at / 1000)
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` }
}
