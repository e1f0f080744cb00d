/** HTTP statuses and network errors → DeliveryOutcome. */
import type { OperationOutcome, Resource } from '@medplum/fhirtypes'
import type { Refusal } from './fhir-client.js'

/** Null: carried out. Otherwise why not, and whether trying again helps. */
export function statusOutcome(status: number, retryAfter: string | null, resource: Resource | null): Refusal | null {
  if (status >= 200 && status < 300) {
    if (resource) return null
    return {
      class: 'transient',
      reason: `HTTP ${status} without a FHIR resource: check that the target's url is a FHIR base URL`,
    }
  }
  const outcome = resource?.resourceType === 'OperationOutcome' ? resource : null
  const said = outcome ? `: ${issuesOf(outcome)}` : ''
  if (status === 401 || status === 403) {
    // Nothing was done, and it will work once somebody renews the token: no reason to drop what is waiting.
    return { class: 'transient', reason: `HTTP ${status}: the server refuses the token; check the target's tokenFile` }
  }
  if (status === 408 || status === 425 || status === 429 || status === 503) {
    const retryAfterMs = retryAfterOf(retryAfter)
    return { class: 'transient', reason: `HTTP ${status}${said}`, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
  }
  if (status >= 500) return { class: 'ambiguous', reason: `HTTP ${status}${said}` }
  if (status >= 400 && (outcome || status === 413)) return { class: 'permanent', reason: `HTTP ${status}${said}` }
  // A proxy's 404, a login page, a redirect: a wrong address, not a verdict on what was sent.
  return { class: 'transient', reason: `HTTP ${status}, not from a FHIR server: check the target's url` }
}

/** Codes of errors that come before anything was sent. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
  'ERR_INVALID_URL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

export function networkOutcome(error: unknown): Refusal {
  const code = codeOf(error)
  if (code && BEFORE_SENDING.has(code)) return { class: 'transient', reason: `cannot connect (${code})` }
  return { class: 'ambiguous', reason: `the connection failed before the answer came${code ? ` (${code})` : ''}` }
}

/** fetch wraps the cause, and a host with several addresses gives one error for each. */
function codeOf(error: unknown, depth = 0): string | null {
  if (!(error instanceof Error) || depth > 4) return null
  const code = (error as NodeJS.ErrnoException).code
  if (typeof code === 'string' && /^[A-Z0-9_]{2,60}$/.test(code)) return code
  const first = error instanceof AggregateError ? error.errors[0] : undefined
  return codeOf(error.cause ?? first, depth + 1)
}

/** Seconds or an HTTP date; at most an hour, so that a mistaken one does not silence the lane for days. */
function retryAfterOf(header: string | null): number | null {
  if (header === null || header === '') return null
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), 3_600_000) : null
}

/**
 * Codes and element paths only: `diagnostics` and `details` quote what was sent, which must not reach a log.
 * Paths are cut to the characters of FHIRPath, so that nothing else can travel in them.
 */
export function issuesOf(outcome: OperationOutcome): string {
  const errors = (outcome.issue ?? []).filter(({ severity }) => severity === 'error' || severity === 'fatal')
  const shown = errors.slice(0, 3).map((issue) => {
    const path = issue.expression?.[0] ?? issue.location?.[0] ?? ''
    const where = /^[A-Za-z][A-Za-z0-9_.[\]():/]{0,199}$/.test(path) ? ` at ${path}` : ''
    return `${/^[a-z-]{1,40}$/.test(issue.code ?? '') ? issue.code : 'error'}${where}`
  })
  if (shown.length === 0) return 'no reason given'
  return shown.join(', ') + (errors.length > shown.length ? `, and ${errors.length - shown.length} more` : '')
}
