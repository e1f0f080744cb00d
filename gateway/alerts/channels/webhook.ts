import { isAbsolute, join } from 'node:path'
import type { ChannelConfig } from '#gateway/config/schema.js'
import type { DeliveryOutcome } from '#gateway/lanes/outcome.js'
import { HomebeatError } from '#gateway/runtime/errors.js'
import { outcomeOfNetworkError, outcomeOfResponse } from '#gateway/runtime/http-outcome.js'
import { readSecret } from '#gateway/runtime/secret-file.js'
import type { AlertChannel, AlertNotice } from './channel.js'
import type { ChannelEdges } from './registry.js'

const TIMEOUT_MS = 10_000

/**
 * POSTs each transition as JSON. `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) is the same for every
 * attempt at one transition, so that a receiver can drop a repetition.
 *
 * @throws HomebeatError `secret.*` for the token's file, `channel.insecure` for a token over plain HTTP.
 */
export function webhookChannel(
  config: Extract<ChannelConfig, { type: 'webhook' }>,
  { fetch, baseDir, timeoutMs = TIMEOUT_MS }: Pick<ChannelEdges, 'fetch' | 'baseDir' | 'timeoutMs'>,
): AlertChannel {
  const url = new URL(config.url)
  const authorization = authorizationOf(config.name, url, config.tokenFile, baseDir)
  return {
    name: config.name,
    async notify(notice, signal): Promise<DeliveryOutcome> {
      if (signal.aborted) return { class: 'transient', reason: 'stopped before sending' }
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': `${notice.home}:${notice.key}`,
            ...authorization,
          },
          body: JSON.stringify(bodyOf(notice)),
          // Not followed: the notice and the token are for the configured host alone.
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        })
        // The answer's body is of no interest, and must not hold the connection.
        await response.body?.cancel().catch(() => {})
        return outcomeOfResponse(response.status, response.headers)
      } catch (error) {
        return outcomeOfNetworkError(error)
      }
    },
  }
}

/** The wire format; `test/fixtures/alerts/webhook-notice.json` holds an example. Times are ISO 8601, UTC. */
function bodyOf(notice: AlertNotice): object {
  return {
    type: 'homebeat-alert',
    version: 1,
    alertId: notice.alertId,
    condition: notice.condition,
    priority: notice.priority,
    kind: notice.kind,
    state: notice.state,
    reason: notice.reason,
    at: new Date(notice.at).toISOString(),
    raisedAt: new Date(notice.raisedAt).toISOString(),
    home: notice.home,
    preview: notice.preview,
    ...(notice.contact !== undefined && { contact: notice.contact }),
    ...(notice.acknowledgeUrl !== undefined && { acknowledgeUrl: notice.acknowledgeUrl }),
  }
}

function authorizationOf(
  name: string,
  url: URL,
  tokenFile: string | undefined,
  baseDir: string,
): { authorization?: string } {
  if (tokenFile === undefined) return {}
  if (url.protocol !== 'https:' && !isLoopback(url.hostname))
    throw new HomebeatError(
      'channel.insecure',
      `The alert channel ${name} would send its token over plain HTTP: use an https:// URL, or leave out tokenFile.`,
    )
  return { authorization: `Bearer ${readSecret(isAbsolute(tokenFile) ? tokenFile : join(baseDir, tokenFile))}` }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
