/**
 * The HTTP client of one FHIR server. It gives the outcome of each request as a lane's outcome class, and never throws
 * for anything that the far end or the network does. A reason holds codes and element paths, and no other content.
 */
import type { Bundle, BundleEntry, OperationOutcome, Resource } from '@medplum/fhirtypes'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { RETRY_POLICY } from '#gateway/outbound/lanes/retry.js'
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
  /** Milliseconds that never jump; `performance.now` where left out. */
  readonly monotonic?: () => number
}

export type Refusal = Exclude<DeliveryOutcome, { readonly class: 'delivered' }>

export interface FhirRefusal {
  readonly ok: false
  readonly outcome: Refusal
  /** HTTP status; absent where there was no answer. */
  readonly status?: number
  /** Set by `put`: somebody else has changed or deleted the resource meanwhile. */
  readonly conflict?: boolean
}

export type FhirAnswer =
  | {
      readonly ok: true
      readonly resource: Resource | null
      readonly status: number
      /** `<Type>/<id>` of what was created or found; absent where the server does not say. */
      readonly reference?: string
    }
  | FhirRefusal

export type BundleAnswer = { readonly ok: true; readonly entries: readonly FhirAnswer[] } | FhirRefusal

export interface FoundResources {
  /** Matches of all pages that were read; no OperationOutcome, nothing that is only included. */
  readonly found: readonly Resource[]
  /** Why there may be more; null: there is no more. */
  readonly refusal: FhirRefusal | null
}

/** Longest answer read, bytes. A transaction's answer has a few hundred bytes for each entry; a Pi has 1 GB and more. */
const MAX_ANSWER = 16 * 1024 * 1024
const HELD = 'the server asked to be left alone for a while'
/** Most pages read of one search. */
const MAX_PAGES = 50

interface RequestOptions {
  readonly body?: string
  readonly headers: Readonly<Record<string, string>>
  readonly maxBytes?: number
}

export class FhirClient {
  readonly #options: FhirClientOptions
  /** Without a slash at the end, and without its query. */
  readonly #base: string
  /** Of the base URL, e.g. `api-version=2`: every request carries it. */
  readonly #query: string
  /** The server asked to be left alone until then (monotonic), by whichever lane asked it. */
  #heldUntil = Number.NEGATIVE_INFINITY
  readonly #monotonic: () => number

  constructor(options: FhirClientOptions) {
    this.#options = options
    this.#monotonic = options.monotonic ?? (() => performance.now())
    const [, base = '', query = ''] = /^([^?#]*?)\/*(?:\?([^#]*))?(?:#.*)?$/s.exec(options.url) ?? []
    this.#base = base
    this.#query = query
  }

  /** @param path relative to the base, encoded, with or without a query */
  #url(path: string): string {
    const url = path === '' || path.startsWith('?') ? `${this.#base}${path}` : `${this.#base}/${path}`
    return this.#query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${this.#query}`
  }

  /**
   * POSTs a transaction or batch to the base.
   * @returns an answer for each entry, in order: 200 for the whole is not enough. Some servers treat a transaction as a batch.
   */
  async bundle(bundle: Bundle, signal: AbortSignal): Promise<BundleAnswer> {
    // FHIR R4, http: the answer then holds statuses and not all the resources again.
    const minimal = { Prefer: 'return=minimal' }
    const answer = await this.#request('POST', this.#url(''), signal, {
      body: JSON.stringify(bundle),
      headers: minimal,
    })
    if (!answer.ok) return answer
    const entries = entriesOf(answer.resource)
    const expected = bundle.entry?.length ?? 0
    if (entries.length !== expected) return ambiguous(`the server answered ${entries.length} of ${expected} entries`)
    return { ok: true, entries: entries.map(entryAnswer) }
  }

  /** POSTs one resource. @param ifNoneExist `identifier=…`: where one matches, the server answers 200 and creates none */
  create(resource: Resource, ifNoneExist: string | undefined, signal: AbortSignal): Promise<FhirAnswer> {
    return this.#request('POST', this.#url(resource.resourceType), signal, {
      body: JSON.stringify(resource),
      headers: { Prefer: 'return=representation', ...(ifNoneExist !== undefined && { 'If-None-Exist': ifNoneExist }) },
    })
  }

  /**
   * Every page of a search. `next` is followed wherever the server says it is, but never to another origin: a server
   * behind a proxy often names itself by its inner address, and a token must not travel there.
   * @param query e.g. `Task?identifier=…`
   * @param maxBytes longest answer that is read of one page
   */
  async search(query: string, signal: AbortSignal, maxBytes = MAX_ANSWER): Promise<FoundResources> {
    const found: Resource[] = []
    const asked = new Set<string>()
    for (let url: string | null = this.#url(query); url !== null; ) {
      if (asked.has(url) || asked.size >= MAX_PAGES)
        return { found, refusal: { ok: false, outcome: { class: 'transient', reason: ENDLESS } } }
      asked.add(url)
      // A server may answer a repeated search from its cache.
      const answer: FhirAnswer = await this.#request('GET', url, signal, { headers: NO_CACHE, maxBytes })
      if (!answer.ok) return { found, refusal: answer }
      if (answer.resource?.resourceType !== 'Bundle')
        return { found, refusal: { ok: false, outcome: { class: 'transient', reason: NO_BUNDLE } } }
      for (const { resource, search } of entriesOf(answer.resource))
        if (
          typeof resource === 'object' &&
          resource?.resourceType &&
          resource.resourceType !== 'OperationOutcome' &&
          (search?.mode ?? 'match') === 'match'
        )
          found.push(resource)
      const next = objects(answer.resource.link).find(({ relation }) => relation === 'next')?.url
      url = typeof next === 'string' ? this.#next(next, url) : null
    }
    return { found, refusal: null }
  }

  /** Where a `next` leads on our own origin; null where it is no URL. */
  #next(link: string, from: string): string | null {
    if (!URL.canParse(link, from)) return null
    const [next, base] = [new URL(link, from), new URL(this.#base)]
    const root = base.pathname.replace(/\/$/, '')
    let path = next.pathname
    if (next.origin !== base.origin && !`${path}/`.startsWith(`${root}/`)) {
      // The inner path is another one, too: what is below the base is the type that was asked for, or nothing.
      const type = new URL(from).pathname.split('/').at(-1)
      path = path.endsWith(`/${type}`) ? `${root}/${type}` : root
    }
    const given = new URLSearchParams(this.#query)
    for (const [name, value] of given) if (!next.searchParams.has(name)) next.searchParams.append(name, value)
    return `${base.origin}${path}${next.search}`
  }

  /**
   * One resource, or `metadata`.
   * @param query relative to the base, encoded, e.g. `Task/7`.
   * @param maxBytes longest answer that is read.
   */
  get(query: string, signal: AbortSignal, maxBytes = MAX_ANSWER): Promise<FhirAnswer> {
    return this.#request('GET', this.#url(query), signal, { headers: NO_CACHE, maxBytes })
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
    return this.#request('PUT', this.#url(path), signal, { body: JSON.stringify(resource), headers })
  }

  async #request(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    signal: AbortSignal,
    { body, headers, maxBytes = MAX_ANSWER }: RequestOptions,
  ): Promise<FhirAnswer> {
    const { fetch, timeoutMs } = this.#options
    const held = this.#heldUntil - this.#monotonic()
    if (held > 0) return { ok: false, outcome: { class: 'transient', reason: HELD, retryAfterMs: Math.ceil(held) } }
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
      if (!refusal) return { ok: true, resource, status: response.status, ...referenceOf(response, resource) }
      if (refusal.class === 'transient' && refusal.retryAfterMs !== undefined)
        this.#heldUntil = this.#monotonic() + Math.min(refusal.retryAfterMs, RETRY_POLICY.maxRetryAfterMs)
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

function entryAnswer({ response }: BundleEntry): FhirAnswer {
  const status = Number(/^\d{3}\b/.exec(response?.status ?? '')?.[0])
  if (!status) return ambiguous('the server answered no status for an entry')
  const said = response?.outcome?.resourceType === 'OperationOutcome' ? response.outcome : NOTHING_SAID
  const outcome = statusOutcome(status, new Headers(), said)
  if (outcome) return { ok: false, outcome, status }
  const reference = response?.location === undefined ? undefined : literalOf(response.location)
  return { ok: true, resource: null, status, ...(reference !== undefined && { reference }) }
}

/** Within a Bundle even a bare status is a FHIR server's own. */
const NOTHING_SAID: OperationOutcome = { resourceType: 'OperationOutcome', issue: [] }
function entriesOf(resource: Resource | null): BundleEntry[] {
  return resource?.resourceType === 'Bundle' ? objects(resource.entry) : []
}

/** What should be a list of objects, in so far as it is one: the answer is somebody else's. */
function objects<T extends object>(list: readonly T[] | undefined): T[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : []
}

const NO_CACHE = { 'Cache-Control': 'no-cache' }
const ENDLESS = 'the pages of a search do not end'
const NO_BUNDLE = 'the answer to a search is no Bundle'

/** A `Location` may be absolute, relative, with or without a version (R4 http, "create"). */
function referenceOf({ headers }: Response, resource: Resource | null): { readonly reference?: string } {
  const location = headers.get('location') ?? headers.get('content-location')
  const reference = location === null ? undefined : literalOf(location)
  if (reference !== undefined) return { reference }
  if (!resource?.id || resource.resourceType === 'OperationOutcome') return {}
  return { reference: `${resource.resourceType}/${resource.id}` }
}

/** `<Type>/<id>` at the end of a Location; undefined where there is none. */
export function literalOf(location: string): string | undefined {
  return /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/?]*)?(?:\?.*)?$/.exec(location)?.[1]
}

function ambiguous(reason: string): FhirRefusal {
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
