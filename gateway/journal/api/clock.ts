import type { Measurement } from '#fhir/measurement.js'

/**
 * A stretch of one run of the gateway in which its wall time was its monotonic time plus a constant, but for corrections
 * of at most 500 ppm. It holds the rows from `firstMeasurement` and `firstTransition` up to those of the next stretch. A
 * row's monotonic time is therefore `monotonicMs + (at − wallMs − movedMs)`, for what the gateway has timed.
 */
export interface ClockStretch {
  readonly id: number
  /** The id of the run's first stretch. */
  readonly run: number
  /** Monotonic milliseconds at its beginning, and the epoch milliseconds that the gateway counted as. */
  readonly monotonicMs: number
  readonly wallMs: number
  readonly trusted: boolean
  readonly firstMeasurement: number
  readonly firstTransition: number
  /** The newest time stored before it, epoch ms. */
  readonly newestMs: number
  /** Its times were wrong by so much and have been moved by it; null: they stand as they were written. */
  readonly movedMs: number | null
}

/** Moves what the run stored while its clock was not to be believed. */
export interface Move {
  readonly byMs: number
  /** Null: stays as it is. */
  readonly measurement: (measurement: Measurement, stretch: ClockStretch) => Measurement | null
}

export interface NewStretch {
  readonly monotonicMs: number
  readonly wallMs: number
  readonly trusted: boolean
  /** `new`: the gateway has just started. */
  readonly run: 'new' | 'same'
}

/** The gateway's clock as the journal knows it; the stretch that began last times what is stored. */
export interface ClockStore {
  last(): ClockStretch | null
  /** The newest time, epoch ms, that was stored while the clock was believed; null: none yet. */
  newestTrusted(): number | null
  /**
   * Writes what waits to be committed, and begins a stretch; in the same transaction `move` is applied to what the last
   * stretch stored and no batch holds. From a trusted stretch on nothing is held back; from another one, what it stores
   * is. @throws HomebeatError `journal.*`: nothing has begun then
   */
  begin(stretch: NewStretch, move?: Move): ClockStretch
  /** Gives what was stored while the clock could not be believed to the batches as it is. */
  release(): void
  /** Measurements that no batch may have yet. */
  held(): number
}
