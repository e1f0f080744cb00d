/** What a FHIR target gets of a closed batch: its Observations in clear, or its sealed envelopes. */
import type { Observation } from '@medplum/fhirtypes'
import { condition, OBSERVATIONS_PER_TRANSACTION } from '#fhir/bundle.js'
import { sealedResourcesOf } from '#fhir/document.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { EnvelopeSource } from './envelope-source.js'
import type { FhirAnswer, FhirClient, FhirRefusal, Refusal } from './fhir-client.js'
import type { FhirServer } from './fhir-server.js'

export interface FhirBatchesOptions {
  readonly target: TargetConfig
  readonly client: FhirClient
  readonly server: FhirServer
  readonly envelopes: EnvelopeSource
  /** Pseudonyms. */
  readonly home: string
  readonly patient: string
  readonly logger: Logger
}

type Delivery = Awaited<ReturnType<Deliverer['deliver']>>

/** A transaction that failed so often is taken apart, to find out whether it is one Observation that does it. */
const TRIES = 3
/** Where nothing is newly written any more, this many attempts must have failed: the server may have trouble of its own. */
const LAST_TRY = 20
/** Whole batches that may be refused in a row before the server is taken to refuse everything. */
const BATCHES_REFUSED = 3

/** What became of a batch's resources so far. */
interface Progress {
  accepted: number
  refused: number
  /** Accepted ones that the server did not have before. */
  written: number
  /** The first reason of a refusal. */
  reason?: string
  /** What ended the delivery before all was sent. */
  stopped?: Refusal
  /** The last Observation that was accepted. */
  last?: Observation
  /** Those on which the server fails, as it may on others: to be looked at once more. */
  readonly suspects: Observation[]
}

export class FhirBatches {
  readonly #options: FhirBatchesOptions
  /** Something was accepted in this run. */
  #accepts = false
  /** Whole batches refused in a row. */
  #refusedInARow = 0

  constructor(options: FhirBatchesOptions) {
    this.#options = options
  }

  /**
   * @param attempts of this batch that have failed before
   * @throws HomebeatError where an envelope cannot be made (`sealing.*`, `epoch-key.*`, `journal.*`)
   */
  async deliver(batch: ClosedBatch, attempts: number, signal: AbortSignal): Promise<Delivery> {
    const progress: Progress = { accepted: 0, refused: 0, written: 0, suspects: [] }
    const isClear = this.#options.target.mode === 'clear'
    await (isClear ? this.#clear(batch, attempts, progress, signal) : this.#sealed(batch, attempts, progress, signal))
    return this.#delivery(progress)
  }

  async #clear(batch: ClosedBatch, attempts: number, progress: Progress, signal: AbortSignal): Promise<void> {
    const observations = batch.leaves.map(({ observation }) => JSON.parse(observation) as Observation)
    for (let start = 0; start < observations.length && !progress.stopped; start += OBSERVATIONS_PER_TRANSACTION)
      await this.#push(observations.slice(start, start + OBSERVATIONS_PER_TRANSACTION), attempts, progress, signal)
    for (const suspect of progress.suspects.splice(0))
      if (!progress.stopped) await this.#judge(suspect, attempts, progress, signal)
  }

  /** Sends some. What is refused as a whole is sent by halves, until only what is bad is left out. */
  async #push(
    observations: readonly Observation[],
    attempts: number,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const sent = await this.#options.server.push(observations, signal)
    const [only, ...others] = observations
    if (sent.ok || (only && others.length === 0)) {
      for (const [index, observation] of observations.entries())
        note(progress, observation, sent.ok ? sent.entries[index] : sent, signal)
    } else if (sent.outcome.class === 'permanent' || (attempts >= TRIES && isFailure(sent, signal))) {
      const middle = Math.ceil(observations.length / 2)
      await this.#push(observations.slice(0, middle), attempts, progress, signal)
      if (!progress.stopped) await this.#push(observations.slice(middle), attempts, progress, signal)
    } else progress.stopped = sent.outcome
  }

  /** An Observation on which the server fails time and again, while it takes others, is refused: it would hold the lane for ever. */
  async #judge(suspect: Observation, attempts: number, progress: Progress, signal: AbortSignal): Promise<void> {
    const { server } = this.#options
    let failure: Refusal | undefined
    for (let failures = attempts >= TRIES ? TRIES - 1 : 1; failures < TRIES; failures++) {
      const sent = await server.push([suspect], signal)
      const answer = sent.ok ? sent.entries[0] : sent
      if (!answer || answer.ok || !isFailure(answer, signal)) return note(progress, suspect, answer, signal)
      failure = answer.outcome
    }
    const control = progress.last && (await server.push([progress.last], signal))
    const isUp = control?.ok === true && control.entries[0]?.ok === true
    if (isUp && (progress.written > 0 || attempts >= LAST_TRY)) refuse(progress, failure?.reason)
    else progress.stopped = failure ?? { class: 'ambiguous', reason: 'the server failed' }
  }

  async #sealed(batch: ClosedBatch, attempts: number, progress: Progress, signal: AbortSignal): Promise<void> {
    const { server, envelopes } = this.#options
    let failed: Refusal | undefined
    for (const envelope of await envelopes.envelopes(batch)) {
      const resources = sealedResourcesOf(envelope, this.#options)
      // Sealing again gives other bytes under the same identifier, so an envelope that the server has is left as it is.
      const there = await this.#exists(`${condition(resources.document)}&_elements=identifier`, signal)
      const refusal = there === false ? await server.document(resources, signal) : there === true ? null : there
      if (!refusal) progress.accepted += 2
      if (!refusal && there === false) progress.written += 2
      if (refusal?.outcome.class === 'permanent') refuse(progress, refusal.outcome.reason, 2)
      else if (refusal && attempts >= TRIES && isFailure(refusal, signal)) failed ??= refusal.outcome
      else if (refusal) {
        progress.stopped = refusal.outcome
        return
      }
    }
    if (failed && progress.written > 0 && attempts >= LAST_TRY) refuse(progress, failed.reason, 2)
    else if (failed) progress.stopped = failed
  }

  /** @returns the server's answer where it asks to be left alone for a while: the transaction must not follow then */
  async #exists(query: string, signal: AbortSignal): Promise<boolean | FhirRefusal> {
    const { found, refusal } = await this.#options.client.search(query, signal)
    const asksForTime = refusal?.outcome.class === 'transient' && refusal.outcome.retryAfterMs !== undefined
    if (refusal && asksForTime) return refusal
    // A server that takes writes but no searches gives false here: the transaction itself may be repeated.
    return found.length > 0
  }

  #delivery(progress: Progress): Delivery {
    const { accepted, refused, reason, stopped } = progress
    const { logger, target, server } = this.#options
    const others = this.#accepts
    this.#accepts ||= accepted > 0
    if (stopped) return { outcome: stopped, resources: accepted }
    if (accepted > 0 || refused === 0) this.#refusedInARow = 0
    if (refused === 0) return { outcome: { class: 'delivered' }, resources: accepted }
    const isOne = refused === (target.mode === 'clear' ? 1 : 2)
    if (accepted === 0 && !(isOne && others && this.#refusedInARow++ < BATCHES_REFUSED)) {
      server.forget()
      return { outcome: { class: 'transient', reason: `the server refuses everything: ${reason}` }, resources: 0 }
    }
    logger.warn({ target: target.name, accepted, refused, reason }, 'the FHIR server refused part of a batch')
    return {
      outcome: { class: 'permanent', reason: `${refused} of ${accepted + refused} resources refused: ${reason}` },
      resources: refused,
    }
  }
}

function note(progress: Progress, observation: Observation, answer: FhirAnswer | undefined, signal: AbortSignal): void {
  if (!answer) return
  if (answer.ok) {
    progress.accepted++
    progress.last = observation
    if (answer.status === 201) progress.written++
  } else if (answer.outcome.class === 'permanent') refuse(progress, answer.outcome.reason)
  else if (isFailure(answer, signal)) progress.suspects.push(observation)
  else progress.stopped ??= answer.outcome
}

function refuse(progress: Progress, reason = 'no reason given', resources = 1): void {
  progress.refused += resources
  progress.reason ??= reason
}

/** Statuses of servers that are busy, or want another token: they say nothing of what was sent. */
const NO_FAILURE = new Set([401, 403, 407, 408, 409, 412, 425, 429, 503])

/** Whether the server may have failed because of what was sent: a fault of its own, or a refusal that is none of FHIR. */
function isFailure({ outcome, status }: FhirRefusal, signal: AbortSignal): boolean {
  if (signal.aborted) return false
  if (status === undefined) return outcome.class === 'ambiguous'
  return status >= 400 && !NO_FAILURE.has(status)
}
