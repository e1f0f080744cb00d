/** What a FHIR target gets of a closed batch: its Observations in clear, or its sealed envelopes. */
import type { BundleEntry, Observation } from '@medplum/fhirtypes'
import { condition, documentBundle, OBSERVATIONS_PER_TRANSACTION, observationBundle } from '#fhir/bundle.js'
import { sealedResourcesOf } from '#fhir/document.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { EnvelopeSource } from './envelope-source.js'
import type { FhirAnswer, FhirClient, Refusal } from './fhir-client.js'

export interface FhirBatchesOptions {
  readonly target: TargetConfig
  readonly client: FhirClient
  readonly envelopes: EnvelopeSource
  /** Pseudonyms. */
  readonly home: string
  readonly patient: string
  readonly logger: Logger
}

type Delivery = Awaited<ReturnType<Deliverer['deliver']>>

/** A part of a batch's work: resources accepted, resources refused for good, and what stopped it. */
interface Progress {
  readonly accepted: number
  readonly refused: number
  readonly reason?: string
  readonly stopped?: Refusal
}

export class FhirBatches {
  readonly #options: FhirBatchesOptions

  constructor(options: FhirBatchesOptions) {
    this.#options = options
  }

  /** @throws HomebeatError where an envelope cannot be made (`sealing.*`, `epoch-key.*`, `journal.*`) */
  async deliver(batch: ClosedBatch, signal: AbortSignal): Promise<Delivery> {
    const isClear = this.#options.target.mode === 'clear'
    return this.#delivery(await (isClear ? this.#clear(batch, signal) : this.#sealed(batch, signal)))
  }

  async #clear(batch: ClosedBatch, signal: AbortSignal): Promise<Progress> {
    const observations = batch.leaves.map(({ observation }) => JSON.parse(observation) as Observation)
    let progress: Progress = { accepted: 0, refused: 0 }
    for (let start = 0; start < observations.length && !progress.stopped; start += OBSERVATIONS_PER_TRANSACTION) {
      const part = await this.#push(observations.slice(start, start + OBSERVATIONS_PER_TRANSACTION), signal)
      progress = sum(progress, part)
    }
    return progress
  }

  /** Sends one transaction. If the server refuses it for good, each half is sent, until only what is bad is left out. */
  async #push(observations: readonly Observation[], signal: AbortSignal): Promise<Progress> {
    const answer = await this.#options.client.transaction(observationBundle(observations, this.#options), signal)
    if (answer.ok) return { accepted: observations.length, refused: 0 }
    if (answer.outcome.class !== 'permanent') return { accepted: 0, refused: 0, stopped: answer.outcome }
    if (observations.length === 1) return { accepted: 0, refused: 1, reason: answer.outcome.reason }
    const middle = Math.ceil(observations.length / 2)
    const first = await this.#push(observations.slice(0, middle), signal)
    return first.stopped ? first : sum(first, await this.#push(observations.slice(middle), signal))
  }

  async #sealed(batch: ClosedBatch, signal: AbortSignal): Promise<Progress> {
    const { client, envelopes } = this.#options
    let progress: Progress = { accepted: 0, refused: 0 }
    for (const envelope of await envelopes.envelopes(batch)) {
      const resources = sealedResourcesOf(envelope, this.#options)
      // Sealing again gives other bytes under the same identifier, so an envelope that the server has is left as it is.
      const there = await this.#exists(`${condition(resources.document)}&_elements=identifier`, signal)
      const answer = there === false ? await client.transaction(documentBundle(resources), signal) : there
      if (answer === true || answer.ok) progress = sum(progress, { accepted: 2, refused: 0 })
      else if (answer.outcome.class !== 'permanent') return { ...progress, stopped: answer.outcome }
      else progress = sum(progress, { accepted: 0, refused: 2, reason: answer.outcome.reason })
    }
    return progress
  }

  /** @returns the server's answer where it asks to be left alone for a while: the transaction must not follow then */
  async #exists(query: string, signal: AbortSignal): Promise<boolean | Extract<FhirAnswer, { readonly ok: false }>> {
    const answer = await this.#options.client.get(query, signal)
    if (!answer.ok && answer.outcome.class === 'transient' && answer.outcome.retryAfterMs !== undefined) return answer
    // A server that takes writes but no searches gives false here: the transaction itself may be repeated.
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
