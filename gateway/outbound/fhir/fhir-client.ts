/**
 * The HTTP client of one FHIR server. It gives the outcome of each request as a lane's outcome class, and never throws
 * for anything that the far end or the network does. A reason holds codes and element paths, and no other content.
 */
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { supportingEntries } from '#fhir/bundle.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { boundedText } from '#gateway/platform/net/bounded-body.js'
import { outcomeOfNetworkError } from '#gateway/platform/net/http-outcome.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { statusOutcome } from './fhir-outcome.js'

export interface FhirClientOptions {
  /** Base URL, with or without a slash at the end. */
  readonly url: string
  /** Absolute path of a file of mode 0600 with the bearer token; read anew for each request, so it can be renewed. */
  readonly tokenFile?: string
  readonly timeoutMs: number
  readonly fetch: typeof globalThis.fetch
}

export type Refusal = Exclude<DeliveryOutcome, { readonly class: 'delivered' }>

export type FhirAnswer =
  | { readonly ok: true; readonly resource: Resource | null }
  | {
      readonly ok: false
      readonly outcome: Refusal
      /** HTTP status; absent where there was no answer. */
      readonly status?: number
      /** Set by `put`: somebody else has changed or deleted the resource meanwhile. */
      readonly conflict?: boolean
    }

/** Longest answer read, bytes. A transaction's answer has a few hundred bytes for each entry; a Pi has 1 GB and more. */
const MAX_ANSWER = 16 * 1024 * 1024

interface RequestOptions {
  readonly body?: string
  readonly headers: Readonly<Record<string, string>>
  readonly maxBytes?: number
}

export class FhirClient {
  readonly #options: FhirClientOptions
  readonly #base: string

  constructor(options: FhirClientOptions) {
    this.#options = options
    this.#base = options.url.replace(/\/+$/, '')
  }

  /** POSTs a transaction to the base. The status of every entry counts: 200 for the whole is not enough. */
  async transaction(bundle: Bundle, signal: AbortSignal): Promise<FhirAnswer> {
    // FHIR R4, http: the answer then holds statuses and not all the resources again.
    const minimal = { Prefer: 'return=minimal' }
    const answer = await this.#request('POST', this.#base, signal, { body: JSON.stringify(bundle), headers: minimal })
    if (!answer.ok) return answer
    const failure = entryFailure(bundle, answer.resource)
    return failure ? { ok: false, outcome: failure } : answer
  }

  /**
   * @param query relative to the base, encoded, e.g. `Observation?identifier=…`.
   * @param maxBytes longest answer that is read.
   */
  get(query: string, signal: AbortSignal, maxBytes = MAX_ANSWER): Promise<FhirAnswer> {
    // A server may answer a repeated search from its cache.
    return this.#request('GET', `${this.#base}/${query}`, signal, {
      headers: { 'Cache-Control': 'no-cache' },
      maxBytes,
    })
  }

  /**
   * Replaces a resource.
   * @param path relative to the base, e.g. `Task/123`.
   * @param versionId the version that was read; undefined where the server keeps none.
   */
  put(path: string, resource: Resource, versionId: string | undefined, signal: AbortSignal): Promise<FhirAnswer> {
    const headers = {
      Prefer: 'return=representation',
      ...(versionId === undefined ? {} : { 'If-Match': `W/"${versionId}"` }),
    }
    return this.#request('PUT', `${this.#base}/${path}`, signal, { body: JSON.stringify(resource), headers })
  }

  async #request(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    signal: AbortSignal,
    { body, headers, maxBytes = MAX_ANSWER }: RequestOptions,
  ): Promise<FhirAnswer> {
    const { fetch, timeoutMs } = this.#options
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(url, {
        method,
        headers: {
          Accept: 'application/fhir+json',
          ...(body === undefined ? {} : { 'Content-Type': 'application/fhir+json' }),
          ...this.#authorization(),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        // A redirect would carry health data to where nobody configured it.
        redirect: 'manual',
        signal: AbortSignal.any([signal, timeout]),
      })
      const resource = parse(await boundedText(response, maxBytes))
      const refusal = statusOutcome(response.status, response.headers, resource)
      if (!refusal) return { ok: true, resource }
      // R4 http, "Managing Resource Contention": 412; some servers answer 409.
      const conflict = method === 'PUT' && [404, 409, 410, 412].includes(response.status)
      return { ok: false, outcome: refusal, status: response.status, conflict }
    } catch (error) {
      if (error instanceof HomebeatError) {
        // A person can mend a missing or open token file: the entry waits for that.
        return { ok: false, outcome: { class: 'transient', reason: error.message } }
      }
      if (timeout.aborted) return ambiguous(`no answer within ${timeoutMs / 1000} s`)
      if (signal.aborted) return ambiguous('stopped while waiting for the answer')
      return { ok: false, outcome: outcomeOfNetworkError(error) }
    }
  }

  #authorization(): { Authorization?: string } {
    const { tokenFile } = this.#options
    return tokenFile === undefined ? {} : { Authorization: `Bearer ${readSecret(tokenFile)}` }
  }
}

function entryFailure(sent: Bundle, answer: Resource | null): Refusal | null {
  const entries = answer?.resourceType === 'Bundle' ? (answer.entry ?? []) : []
  const expected = sent.entry?.length ?? 0
  if (entries.length !== expected) {
    return { class: 'ambiguous', reason: `the server answered ${entries.length} of ${expected} entries` }
  }
  const failed = entries.findIndex(({ response }) => !/^2\d\d\b/.test(response?.status ?? ''))
  if (failed < 0) return null
  const status = /^\d{3}/.exec(entries[failed]?.response?.status ?? '')?.[0] ?? 'no status'
  const what = failed < supportingEntries(sent) ? 'the Patient or Device' : `entry ${failed}`
  return { class: 'permanent', reason: `the server answered ${status} for ${what}` }
}

function ambiguous(reason: string): FhirAnswer {
  return { ok: false, outcome: { class: 'ambiguous', reason } }
}

/** @returns null for anything that is no FHIR resource: an empty body, a proxy's HTML page */
function parse(text: string): Resource | null {
  try {
    const value: unknown = JSON.parse(text)
    const isResource = typeof value === 'object' && value !== null && 'resourceType' in value
    return isResource ? (value as Resource) : null
  } catch {
    return null
  }
}
