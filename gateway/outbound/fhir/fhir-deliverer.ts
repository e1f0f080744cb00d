/** The deliverer of a `fhir:<target>` and of a `fhir-alert:<target>` lane: hands each entry to what sends batches, or to what sends alerts. */

import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Reach } from '#gateway/platform/net/reach.js'
import { isJoining } from '#gateway/proofs/joining.js'
import type { EnvelopeSource } from './envelope-source.js'
import { FhirAlerts, type FhirAlertsOptions } from './fhir-alerts.js'
import { FhirBatches } from './fhir-batches.js'
import { FhirServer } from './fhir-server.js'
import { clientOf } from './target-client.js'

export interface FhirDelivererOptions {
  readonly target: TargetConfig
  readonly journal: Pick<Journal, 'batches'> & FhirAlertsOptions['journal']
  readonly envelopes: EnvelopeSource
  /** Pseudonyms. */
  readonly home: string
  readonly patient: string
  readonly fetch: typeof globalThis.fetch
  readonly reach?: Reach
  readonly logger: Logger
  readonly clock?: Clock
  /** Told what the server lacks, in words. */
  readonly remark?: (lacks: string) => void
  /** Folder that a relative `tokenFile` is in: that of the configuration. The working folder when absent. */
  readonly baseDir?: string
}

type Delivery = Awaited<ReturnType<Deliverer['deliver']>>

export class FhirDeliverer implements Deliverer {
  readonly #options: FhirDelivererOptions
  readonly #server: FhirServer
  readonly #batches: FhirBatches
  readonly #alerts: FhirAlerts

  /** @throws HomebeatError `target.insecure` where a token or values in clear would travel unencrypted. */
  constructor(options: FhirDelivererOptions) {
    this.#options = options
    const client = clientOf(options.target, options.fetch, options.baseDir, options.reach, options.clock)
    this.#server = new FhirServer({ clock: systemClock, ...options, client })
    this.#batches = new FhirBatches({ ...options, client, server: this.#server })
    this.#alerts = new FhirAlerts({ ...options, server: this.#server })
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#server.abilities(signal)
  }

  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
    try {
      return await this.#deliver(entry, signal)
    } catch (error) {
      const known = error instanceof HomebeatError
      // The worker says the first failure and the end.
      this.#options.logger.debug({ kind: entry.kind, code: known ? error.code : 'unknown' }, 'a FHIR delivery failed')
      const reason = known ? error.message : `cannot prepare this ${entry.kind} for delivery`
      // A disk that refuses a new epoch key is no fault of the batch: what the system refuses now it takes later.
      const retry = known ? error.retry : isSystemError(error) ? 'transient' : 'permanent'
      return { outcome: { class: retry, reason }, resources: 0 }
    }
  }

  async #deliver(entry: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
    const { journal, target } = this.#options
    if (entry.kind === 'batch') {
      const batch = journal.batches.byNumber(entry.ref)
      // Its leaves are no Observations.
      if (batch && isJoining(batch.header)) return { outcome: { class: 'delivered' }, resources: 0 }
      // A purged batch must not count as delivered because nothing of it is left to send.
      if (!batch || batch.purged || batch.leaves.length === 0) return refused('the batch is not in the journal')
      if (target.mode === 'sealed' && batch.leafHashes?.length === 0)
        return refused('a row of the batch does not open, and without its hash no other can be proved')
      return this.#batches.deliver(batch, entry.attempts, signal)
    }
    // An alert names its condition: a sealed target must never get one, whatever the journal holds.
    if (target.mode !== 'clear') return refused('a sealed target takes no alerts in clear')
    return this.#alerts.deliver(entry, signal)
  }
}

/** Of the operating system, e.g. ENOSPC. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function refused(reason: string): Delivery {
  return { outcome: { class: 'permanent', reason }, resources: 1 }
}
