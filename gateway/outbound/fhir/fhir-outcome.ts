/** The meaning of a FHIR server's answer, beyond the HTTP status that `platform/net/http-outcome.ts` reads. */
import type { OperationOutcome, Resource } from '@medplum/fhirtypes'
import { outcomeOfResponse } from '#gateway/platform/net/http-outcome.js'
import type { Refusal } from './fhir-client.js'

/** @returns null where the request was carried out, else the reason and whether trying again helps */
export function statusOutcome(
  status: number,
  headers: { get(name: string): string | null },
  resource: Resource | null,
): Refusal | null {
  const outcome = outcomeOfResponse(status, headers)
  const said = resource?.resourceType === 'OperationOutcome' ? `: ${issuesOf(resource)}` : ''
  if (status === 409 || status === 412)
    return { class: 'transient', reason: `HTTP ${status}${said}${CONFLICT[status]}` }
  switch (outcome.class) {
    case 'delivered':
      return resource ? null : elsewhere(status)
    case 'permanent':
      // A proxy's 404 or a login page is a wrong address, not a verdict on what was sent.
      return said || status === 413 ? { ...outcome, reason: outcome.reason + said } : elsewhere(status)
    default:
      return { ...outcome, reason: outcome.reason + said }
  }
}

/**
 * A conflict says something about the server's data, not about the data sent: another writer was quicker, or several
 * resources match where one must (R4 http, "Conditional create" and "Transaction"). As a refusal it would leave data out.
 */
const CONFLICT = {
  409: ': another writer was quicker',
  412: ': several resources of the server have the same identifier; merge them there',
} as const

function elsewhere(status: number): Refusal {
  return { class: 'transient', reason: `HTTP ${status}, not from a FHIR server: check the target's url` }
}

/**
 * The issues of an OperationOutcome as codes and element paths. `diagnostics` and `details` are left out: they quote
 * the data sent, which must not reach a log. A path with characters outside FHIRPath is left out for the same reason.
 */
export function issuesOf(outcome: OperationOutcome): string {
  const errors = (Array.isArray(outcome.issue) ? outcome.issue : []).filter(
    (issue) => issue?.severity === 'error' || issue?.severity === 'fatal',
  )
  const shown = errors.slice(0, 3).map((issue) => {
    const path = issue.expression?.[0] ?? issue.location?.[0] ?? ''
    const where = /^[A-Za-z][A-Za-z0-9_.[\]():/]{0,199}$/.test(path) ? ` at ${path}` : ''
    return `${/^[a-z-]{1,40}$/.test(issue.code ?? '') ? issue.code : 'error'}${where}`
  })
  if (shown.length === 0) return 'no reason given'
  return shown.join(', ') + (errors.length > shown.length ? `, and ${errors.length - shown.length} more` : '')
}
