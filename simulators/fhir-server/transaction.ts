/**
 * Transactions of any size. The router holds a transaction with conditional creates to 8 entries, because it asks its
 * store for serializable isolation; this server runs one request at a time, which is stricter. So the conditions are
 * looked up here, and the router gets the rest as plain creates.
 */
import { OperationOutcomeError, parseSearchRequest, preconditionFailed } from '@medplum/core'
import { type FhirRouteHandler, processBatch } from '@medplum/fhir-router'
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes'
import type { ValidatingRepository } from './repository.js'

export function transactionHandler(repository: ValidatingRepository): FhirRouteHandler {
  return async (request, _repo, router) => {
    const bundle = request.body as Bundle
    const run = () => processTransaction(bundle, repository, (rest) => processBatch(request, repository, router, rest))
    const conditional = bundle?.resourceType === 'Bundle' && bundle.type === 'transaction'
    const answer = conditional
      ? await repository.withTransaction(run)
      : await processBatch(request, repository, router, bundle)
    return [
      { resourceType: 'OperationOutcome', id: 'ok', issue: [{ severity: 'information', code: 'informational' }] },
      answer,
    ]
  }
}

async function processTransaction(
  bundle: Bundle,
  repository: ValidatingRepository,
  process: (rest: Bundle) => Promise<Bundle>,
): Promise<Bundle> {
  const entries = bundle.entry ?? []
  const answers: BundleEntry[] = []
  const rest: { index: number; entry: BundleEntry }[] = []
  const existing = new Map<string, string>()
  for (const [index, entry] of entries.entries()) {
    const match = await existingResource(entry, repository)
    if (match) {
      answers[index] = answerOf('200', match)
      if (entry.fullUrl) existing.set(entry.fullUrl, `${match.resourceType}/${match.id}`)
    } else {
      const { ifNoneExist: _ifNoneExist, ...request } = entry.request ?? {}
      rest.push({
        index,
        entry: { ...entry, ...(entry.request ? { request: request as BundleEntry['request'] } : {}) } as BundleEntry,
      })
    }
  }
  if (rest.length > 0 || entries.length === 0) {
    const entry = rest.map((item) => resolve(item.entry, existing))
    const answer = await process({ resourceType: 'Bundle', type: 'transaction', entry })
    rest.forEach(({ index }, position) => {
      answers[index] = answer.entry?.[position] ?? {}
    })
  }
  return { resourceType: 'Bundle', type: 'transaction-response', entry: answers }
}

async function existingResource(entry: BundleEntry, repository: ValidatingRepository): Promise<Resource | undefined> {
  const { method, url, ifNoneExist } = entry.request ?? {}
  if (method !== 'POST' || !ifNoneExist) return undefined
  const [match, second] = await repository.searchResources(parseSearchRequest(`${url}?${ifNoneExist}`))
  if (second) throw new OperationOutcomeError(preconditionFailed)
  return match
}

/** Replaces the placeholders of what already exists; the router resolves the others. */
function resolve(value: BundleEntry, existing: ReadonlyMap<string, string>): BundleEntry {
  const replace = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(replace)
    if (typeof item === 'string') return existing.get(item) ?? item
    if (typeof item !== 'object' || item === null) return item
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, replace(inner)]))
  }
  return replace(value) as BundleEntry
}

function answerOf(status: string, resource: Resource): BundleEntry {
  return { resource, response: { status, location: `${resource.resourceType}/${resource.id}` } }
}
