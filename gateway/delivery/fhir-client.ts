/**
 * One FHIR server, spoken to over HTTP. Says what became of each request in the words of the lanes; never throws for
 * anything the far end or the network does. Nothing of a request or answer's content goes into a reason but codes and
 * element paths.
 */
import type { Bundle, Resource } from '@medplum/fhirtypes'
import type { DeliveryOutcome } from '#gateway/lanes/outcome.js'
import { HomebeatError } from '#gateway/runtime/errors.js'
import { outcomeOfNetworkError } from '#gateway/runtime/http-outcome.js'
import { readSecret } from '#gateway/runtime/secret-file.js'
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
  | { readonly ok: false; readonly outcome: Refusal }

/** A transaction's answer is a few hundred bytes for each entry; this is far above, and far below the Pi's memory. */
const MAX_ANSWER = 16 * 1024 * 1024

export class FhirClient {
  readonly #options: FhirClientOptions
  readonly #base: string

  constructor(options: FhirClientOptions) {
    this.#options = options
    this.#base = options.url.replace(/\/+$/, '')
  }

  /** POSTs a transaction or batch to the base. */
  transaction(bundle: Bundle, signal: AbortSignal): Promise<FhirAnswer> {
    // R4 http: the answer then holds statuses, not all the resources once more.
    return this.#request('POST', this.#base, signal, JSON.stringify(bundle), { Prefer: 'return=minimal' })
  }

  /** @param query relative to the base, encoded, e.g. `Observation?identifier=…`. */
  get(query: string, signal: AbortSignal): Promise<FhirAnswer> {
    return this.#request('GET', `${this.#base}/${query}`, signal)
  }

  async #request(
    method: 'GET' | 'POST',
    url: string,
    signal: AbortSignal,
    body?: string,
    extra: Readonly<Record<string, string>> = {},
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
          ...extra,
        },
        ...(body === undefined ? {} : { body }),
        // A redirect would carry health data to where nobody configured it.
        redirect: 'manual',
        signal: AbortSignal.any([signal, timeout]),
      })
      const resource = parse(await readText(response))
      const refusal = statusOutcome(response.status, response.headers, resource)
      return refusal ? { ok: false, outcome: refusal } : { ok: true, resource }
    } catch (error) {
      if (error instanceof HomebeatError) {
        // A missing or open token file can be mended by hand: the entry must wait for that, not be given up.
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

function ambiguous(reason: string): FhirAnswer {
  return { ok: false, outcome: { class: 'ambiguous', reason } }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    // By then the request has been carried out: the error that leaves here is ambiguous, like a cut connection.
    if (length > MAX_ANSWER) throw new RangeError('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Null for anything that is no FHIR resource: an empty body, a proxy's HTML page. */
function parse(text: string): Resource | null {
  try {
    const value: unknown = JSON.parse(text)
    const isResource = typeof value === 'object' && value !== null && 'resourceType' in value
    return isResource ? (value as Resource) : null
  } catch {
    return null
  }
}
