import { resolve } from 'node:path'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { systemClock } from '#gateway/platform/clock.js'
import { parseWebhookSecret, signatureHeaders } from '#gateway/platform/net/webhook-signature.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { AlertChannel, ChannelDependencies } from './channel.js'
import type { ChannelConfig } from './config.js'
import { bearerOf, fetchOf } from './credentials.js'
import { post } from './http-post.js'
import { noticeJson } from './notice-json.js'

/**
 * POSTs each notice as JSON. `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) is the same for every
 * attempt at one notice, so that a receiver can drop a repetition; with a secret, the request is signed.
 *
 * @throws HomebeatError `secret.*` for its files, `channel.ca-file`, `channel.insecure` for a token over plain HTTP, `secret.webhook`.
 */
export function webhookChannel(
  config: Extract<ChannelConfig, { type: 'webhook' }>,
  dependencies: Pick<ChannelDependencies, 'fetch' | 'reach' | 'baseDir' | 'timeoutMs' | 'clock'>,
): AlertChannel {
  const { name, tokenFile, secretFile } = config
  const { baseDir, clock = systemClock, timeoutMs } = dependencies
  const url = new URL(config.url)
  const fetch = fetchOf(config, dependencies)
  // Read anew for each attempt: a token that was renewed holds at once.
  const authorization = () => bearerOf(name, url, tokenFile, baseDir)
  const secretOf = (path: string) => parseWebhookSecret(readSecret(resolve(baseDir, path)), `the alert channel ${name}`)
  authorization()
  if (secretFile !== undefined) secretOf(secretFile)
  return {
    name,
    // Paths of webhooks often are secrets.
    about: `POSTs JSON to ${url.origin}${secretFile === undefined ? '' : ', signed'}${tokenFile === undefined ? '' : ', with a token'}`,
    notify(notice, signal): Promise<DeliveryOutcome> {
      const id = `${notice.home}:${notice.key}`
      const body = JSON.stringify(noticeJson(notice))
      const headers = () => ({
        'content-type': 'application/json',
        'idempotency-key': id,
        ...authorization(),
        ...(secretFile !== undefined && signatureHeaders(secretOf(secretFile), id, clock.now(), body)),
      })
      return post({ fetch, ...(timeoutMs !== undefined && { timeoutMs }) }, url, headers, body, signal)
    },
  }
}
