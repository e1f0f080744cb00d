/** What the worker of a `fhir:<target>` lane calls: batches, sealed or in clear, alerts, and communications. */
import { resolve } from 'node:path'
import type { BundleEntry, Observation } from '@medplum/fhirtypes'
import { condition, documentBundle, OBSERVATIONS_PER_TRANSACTION, observationBundle } from '#fhir/bundle.js'
import { sealedResourcesOf } from '#fhir/document.js'
import type { Journal, OutboxEntry } from '#gateway/journal/api/journal.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { EnvelopeSource } from './envelope-source.js'
import { FhirAlerts, type FhirAlertsOptions } from './fhir-alerts.js'
import { type FhirAnswer, FhirClient, type Refusal } from './fhir-client.js'

export interface FhirDelivererOptions {
  readonly target: TargetConfig
  readonly journal: Pick<Journal, 'batch'> & FhirAlertsOptions['journal']
  readonly envelopes: EnvelopeSource
  /** Pseudonyms. */
  readonly home: string
  readonly patient: string
  readonly fetch: typeof globalThis.fetch
  readonly logger: Logger
  /** Folder that a relative `tokenFile` is in: that of the configuration. The working folder when absent. */
  readonly baseDir?: string
}

type Delivery = Awaited<ReturnType<Deliverer['deliver']>>

/** A part of a batch's work: what was accepted, what was refused for good, and what stopped it. */
interface Progress {
  readonly accepted: number
  readonly refused: number
  readonly reason?: string
  readonly stopped?: Refusal
}

export class FhirDeliverer implements Deliverer {
  readonly #options: FhirDelivererOptions
  readonly #client: FhirClient
  readonly #alerts: FhirAlerts

  /** @throws HomebeatError `target.insecure` where a token or values in clear would travel unencrypted. */
  constructor(options: FhirDelivererOptions) {
    this.#options = options
    const { target, fetch, baseDir } = options
    assertProtected(target)
    this.#client = clientOf(target, fetch, baseDir)
    this.#alerts = new FhirAlerts({ ...options, client: this.#client })
  }

  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
    try {
      return await this.#deliver(entry, signal)
    } catch (error) {
      const known = error instanceof HomebeatError
      this.#options.logger.error({ kind: entry.kind, code: known ? error.code : 'unknown' }, 'a FHIR delivery failed')
      const reason = known ? error.message : `cannot prepare this ${entry.kind} for delivery`
      // A disk that refuses a new epoch key is no fault of the batch: what the system refuses now it takes later.
      const retry = known ? error.retry : isSystemError(error) ? 'transient' : 'permanent'
      return { outcome: { class: retry, reason }, resources: 0 }
    }
  }

  #deliver(entry: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
    const { journal, target } = this.#options
    if (entry.kind === 'batch') {
      const batch = journal.batch(entry.ref)
      // A purged batch must not count as delivered because nothing of it is left to send.
      if (!batch || batch.leafHashes) return missing('batch')
      return target.mode === 'clear' ? this.#clear(batch, signal) : this.#sealed(batch, signal)
    }
    // An alert names its condition: a sealed target must never get one, whatever the journal holds.
    if (target.mode !== 'clear') return refused('a sealed target takes no alerts in clear')
    return this.#alerts.deliver(entry, signal)
  }

  async #clear(batch: ClosedBatch, signal: AbortSignal): Promise<Delivery> {
    const observations = batch.leaves.map(({ observation }) => JSON.parse(observation) as Observation)
    let progress: Progress = { accepted: 0, refused: 0 }
    for (let start = 0; start < observations.length && !progress.stopped; start += OBSERVATIONS_PER_TRANSACTION) {
      const part = await this.#push(observations.slice(start, start + OBSERVATIONS_PER_TRANSACTION), signal)
      progress = sum(progress, part)
    }
    return this.#delivery(progress)
  }

  /** One transaction; if the server refuses it for good, its halves, until only what is bad is left out. */
  async #push(observations: readonly Observation[], signal: AbortSignal): Promise<Progress> {
    const answer = await this.#client.transaction(observationBundle(observations, this.#options), signal)
    if (answer.ok) return { accepted: observations.length, refused: 0 }
    if (answer.outcome.class !== 'permanent') return { accepted: 0, refused: 0, stopped: answer.outcome }
    if (observations.length === 1) return { accepted: 0, refused: 1, reason: answer.outcome.reason }
    const middle = Math.ceil(observations.length / 2)
    const first = await this.#push(observations.slice(0, middle), signal)
    return first.stopped ? first : sum(first, await this.#push(observations.slice(middle), signal))
  }

  async #sealed(batch: ClosedBatch, signal: AbortSignal): Promise<Delivery> {
    let progress: Progress = { accepted: 0, refused: 0 }
    for (const envelope of await this.#options.envelopes.envelopes(batch)) {
      const resources = sealedResourcesOf(envelope, this.#options)
      // Sealing again gives other bytes under the same identifier: what is there already stays as it is.
      const there = await this.#exists(`${condition(resources.document)}&_elements=identifier`, signal)
      const answer = there === false ? await this.#client.transaction(documentBundle(resources), signal) : there
      if (answer === true || answer.ok) progress = sum(progress, { accepted: 2, refused: 0 })
      else if (answer.outcome.class !== 'permanent')
        return this.#delivery(sum(progress, { accepted: 0, refused: 0, stopped: answer.outcome }))
      else progress = sum(progress, { accepted: 0, refused: 2, reason: answer.outcome.reason })
    }
    return this.#delivery(progress)
  }

  /** Not known where the server asks to be left alone for a while: then it is, also by the transaction. */
  async #exists(query: string, signal: AbortSignal): Promise<boolean | Extract<FhirAnswer, { readonly ok: false }>> {
    const answer = await this.#client.get(query, signal)
    if (!answer.ok && answer.outcome.class === 'transient' && answer.outcome.retryAfterMs !== undefined) return answer
    // A server that lets us write but not search says no here; the transaction itself is repeatable.
    return answer.ok && answer.resource?.resourceType === 'Bundle' && (answer.resource.entry ?? []).some(isMatch)
  }

  #delivery({ accepted, refused, reason, stopped }: Progress): Delivery {
    if (stopped) return { outcome: stopped, resources: accepted }
    if (refused === 0) return { outcome: { class: 'delivered' }, resources: accepted }
    const { logger, target } = this.#options
    logger.warn({ target: target.name, accepted, refused, reason }, 'the FHIR server refused part of a batch')
    return {
      outcome: { class: 'permanent', reason: `${refused} of ${accepted + refused} resources refused: ${reason}` },
      resources: refused,
    }
  }
}

/** @param baseDir folder that a relative `tokenFile` is in. */
export function clientOf(target: TargetConfig, fetch: typeof globalThis.fetch, baseDir = '.'): FhirClient {
  return new FhirClient({
    url: target.url,
    timeoutMs: target.timeoutSeconds * 1000,
    fetch,
    ...(target.tokenFile === undefined ? {} : { tokenFile: resolve(baseDir, target.tokenFile) }),
  })
}

function assertProtected({ name, url, mode, tokenFile }: TargetConfig): void {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname))
    return
  if (mode === 'sealed' && tokenFile === undefined) return
  throw new HomebeatError(
    'target.insecure',
    `The FHIR target ${name} would send ${mode === 'clear' ? 'readings' : 'its token'} over plain HTTP: use an https:// URL.`,
  )
}

function sum(one: Progress, other: Progress): Progress {
  const reason = one.reason ?? other.reason
  const stopped = one.stopped ?? other.stopped
  return {
    accepted: one.accepted + other.accepted,
    refused: one.refused + other.refused,
    ...(reason === undefined ? {} : { reason }),
    ...(stopped === undefined ? {} : { stopped }),
  }
}

function isMatch(entry: BundleEntry): boolean {
  return entry.resource?.resourceType !== 'OperationOutcome'
}

/** Of the operating system, e.g. ENOSPC. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

async function missing(what: string): Promise<Delivery> {
  return refused(`the ${what} is not in the journal`)
}

async function refused(reason: string): Promise<Delivery> {
  return { outcome: { class: 'permanent', reason }, resources: 1 }
}
