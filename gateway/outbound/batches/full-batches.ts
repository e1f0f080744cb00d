import type { MeasurementStore } from '#gateway/journal/api/measurements.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Batcher } from './batcher.js'

/**
 * Hashing and signing a full batch takes tens of milliseconds, on a Pi hundreds. A burst is acknowledged first; its
 * batches follow at this pace, or with the cron job that closes them all.
 */
const EVERY_MS = 1000
/** At most this share of the time goes into full batches. */
const SHARE = 0.05

export interface FullBatchesDependencies {
  readonly measurements: Pick<MeasurementStore, 'unbatchedCount'>
  readonly batcher: Pick<Batcher, 'closeIfDue'>
  /** Leaves of a full batch. */
  readonly maxCount: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Paces the closing of full batches while readings arrive. */
export class FullBatches {
  readonly #dependencies: FullBatchesDependencies
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(dependencies: FullBatchesDependencies) {
    this.#dependencies = dependencies
  }

  /** Call when measurements have become durable: closes one batch where one is full and its time has come. */
  committed(): void {
    const { measurements, batcher, maxCount, clock, logger } = this.#dependencies
    if (measurements.unbatchedCount() < maxCount || clock.monotonic() < this.#nextAt) return
    const startedAt = clock.monotonic()
    this.#nextAt = startedAt + EVERY_MS
    batcher
      .closeIfDue('count', 1)
      .catch((error) => logger.error({ err: error }, 'a full batch could not be closed'))
      .finally(() => {
        this.#nextAt = Math.max(this.#nextAt, startedAt + (clock.monotonic() - startedAt) / SHARE)
      })
  }
}
