/**
 * What an HTTP answer, or its absence, says about a delivery. The one place that decides it, for the FHIR client as for
 * webhooks: a delivery that certainly did not happen is transient, one that may have is ambiguous (RFC 9110, 9.2.2).
 */
import type { DeliveryOutcome } from '#gateway/model/outcome.js'

/** Retry-After (RFC 9110, 10.2.3) as milliseconds from `now`: seconds or an HTTP date; undefined if absent or malformed. */
export function retryAfterMs(value: string | null | undefined, now: number = Date.now()): number | undefined {
  const text = value?.trim()
  if (!text) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  // An HTTP date begins with the day's name; anything else that Date.parse would guess at is not one.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/**
 * The outcome of an HTTP response with this status. Reasons hold the status alone: no URL (it may carry a secret) and
 * nothing of the body (it may carry a health value).
 *
 * @param headers of the response; only Retry-After is read.
 * @param now epoch milliseconds, for a Retry-After given as a date.
 */
export function outcomeOfResponse(
  status: number,
  headers: { get(name: string): string | null },
  now: number = Date.now(),
): DeliveryOutcome {
  if (status >= 200 && status < 300) return { class: 'delivered' }
  const reason = `HTTP ${status}`
  // Redirects are not followed (a credential must not travel on); a captive portal answers so, and it passes.
  if (status >= 300 && status < 400) return { class: 'transient', reason: `${reason}: redirected elsewhere` }
  if (status === 408 || status === 425 || status === 429 || status === 503) {
    const after = retryAfterMs(headers.get('retry-after'), now)
    return after === undefined ? { class: 'transient', reason } : { class: 'transient', reason, retryAfterMs: after }
  }
  // An expired token is put right by people; until then nothing is lost.
  if (status === 401 || status === 403 || status === 407)
    return { class: 'transient', reason: `${reason}: renew the token in its tokenFile` }
  if (status >= 400 && status < 500) return { class: 'permanent', reason }
  return { class: 'ambiguous', reason }
}

/** Errors raised before a byte of the request can have reached the other end. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** TLS refuses a certificate before the request is sent (Node: TLS, "X509 certificate error codes"). */
const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$|HOSTNAME_MISMATCH$)/

/** The outcome of a `fetch` that rejected: transient if nothing was sent for certain, else ambiguous. */
export function outcomeOfNetworkError(error: unknown): Exclude<DeliveryOutcome, { readonly class: 'delivered' }> {
  const codes = errorCodes(error, 0)
  const known = codes.filter((code) => code !== 'ABORT_ERR' && code !== 'TIMEOUT')
  const reason = codes.length > 0 ? codes[0] : undefined
  if (known.length > 0 && known.length === codes.length && known.every((code) => UNSENT.has(code) || TLS.test(code)))
    return { class: 'transient', reason: `no connection (${reason})` }
  if (codes.includes('TIMEOUT')) return { class: 'ambiguous', reason: 'no answer in time' }
  if (codes.includes('ABORT_ERR')) return { class: 'ambiguous', reason: 'stopped before the answer' }
  return { class: 'ambiguous', reason: reason === undefined ? 'connection lost' : `connection lost (${reason})` }
}

/** Codes of the innermost errors: fetch wraps the socket's error, and one per address when it tried several. */
function errorCodes(error: unknown, depth: number): string[] {
  if (depth > 5 || typeof error !== 'object' || error === null) return []
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0)
    return error.errors.flatMap((inner) => {
      const codes = errorCodes(inner, depth + 1)
      return codes.length > 0 ? codes : ['UNKNOWN']
    })
  const name = 'name' in error ? error.name : undefined
  if (name === 'TimeoutError') return ['TIMEOUT']
  if (name === 'AbortError') return ['ABORT_ERR']
  if ('cause' in error && error.cause !== undefined) {
    const inner = errorCodes(error.cause, depth + 1)
    if (inner.length > 0) return inner
  }
  return 'code' in error && typeof error.code === 'string' ? [error.code] : []
}
