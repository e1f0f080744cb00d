import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { outcomeOfNetworkError, outcomeOfResponse } from '#gateway/platform/net/http-outcome.js'
import type { ChannelDependencies } from './channel.js'

const TIMEOUT_MS = 10_000

/**
 * One attempt at one POST. Never rejects.
 * @param headers made for each attempt: a secret in them is read anew, and one that cannot be read makes it wait
 * @param outcomeOf where the far end's statuses mean more than HTTP says
 */
export async function post(
  { fetch, timeoutMs = TIMEOUT_MS }: Pick<ChannelDependencies, 'fetch' | 'timeoutMs'>,
  url: URL,
  headers: () => Readonly<Record<string, string>>,
  body: string | Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
  outcomeOf: typeof outcomeOfResponse = outcomeOfResponse,
): Promise<DeliveryOutcome> {
  if (signal.aborted) return { class: 'transient', reason: 'stopped before sending' }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: headers(),
      body,
      // Not followed: the notice and the token are for the configured host alone.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    // The answer's body is of no interest, and must not hold the connection.
    await response.body?.cancel().catch(() => {})
    return outcomeOf(response.status, response.headers)
  } catch (error) {
    if (error instanceof HomebeatError) return { class: 'transient', reason: error.message }
    return outcomeOfNetworkError(error)
  }
}
