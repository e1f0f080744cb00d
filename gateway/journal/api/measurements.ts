import type { Measurement, SensorKind } from '#fhir/measurement.js'

/** Measurements in commit order. */
export interface MeasurementStore {
  /** Those that no batch holds yet, but for those that wait for the clock (`ClockStore.held`). */
  unbatched(limit: number): Measurement[]
  unbatchedCount(): number
  has(identifier: string): boolean
  /** The batch that holds this measurement, or null (unknown, or not yet batched). */
  batchOf(identifier: string): number | null
  /** How many were ever stored. */
  counts(): Readonly<Record<SensorKind, number>>
  /** How many of them came under an identity that another value had. */
  conflicts(): number
}

/** A measurement as it is stored: as such until a batch holds it, then as the Observation (JSON) that was hashed. */
export interface StoredValue {
  readonly identifier: string
  readonly sensor: SensorKind
  /** Epoch ms. */
  readonly at: number
  readonly content: { readonly measurement: Measurement } | { readonly observation: string }
}

export interface StoredValues {
  /** Null where it is unknown, or not held any more. */
  of(identifier: string): StoredValue | null
  /** Those of these times (epoch ms, both included), nearest to `at` first. */
  near(at: number, withinMs: number, sensors: readonly SensorKind[]): Iterable<StoredValue>
}
