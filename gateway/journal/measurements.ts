import { type Measurement, SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import type { Database } from './database.js'
import { decodeMeasurement, type MeasurementRow } from './measurement-codec.js'
import { MEASUREMENTS } from './queries.js'
import { addTotal, readTotals } from './totals.js'

/** Measurements in commit order, until a batch holds them. */
export class MeasurementTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores those that are new; counts only those, and returns how many. Call inside a transaction. */
  insert(rows: readonly MeasurementRow[]): number {
    let stored = 0
    const added = new Map<string, number>()
    for (const row of rows) {
      const { changes } = this.#database.run(
        MEASUREMENTS.insert,
        row.identifier,
        row.sensor,
        row.at,
        row.payload,
        row.samples,
      )
      if (changes === 0) continue
      stored++
      added.set(row.sensor, (added.get(row.sensor) ?? 0) + 1)
    }
    for (const [sensor, count] of added) addTotal(this.#database, `measurement.${sensor}`, count)
    return stored
  }

  unbatched(limit: number): Measurement[] {
    return this.#database.all<MeasurementRow>(MEASUREMENTS.unbatched, limit).map(decodeMeasurement)
  }

  unbatchedCount(): number {
    return this.#database.get<{ count: number }>(MEASUREMENTS.unbatchedCount)?.count ?? 0
  }

  has(identifier: string): boolean {
    return this.#find(identifier) !== undefined
  }

  batchOf(identifier: string): number | null {
    return this.#find(identifier)?.batch ?? null
  }

  /** Gives an unbatched measurement to a batch and returns its row id; null when unknown or already in one. */
  giveToBatch(identifier: string, batch: number): number | null {
    const row = this.#find(identifier)
    if (!row) return null
    return this.#database.run(MEASUREMENTS.markBatched, batch, row.id).changes === 1 ? row.id : null
  }

  counts(): Record<SensorKind, number> {
    const totals = readTotals(this.#database)
    return Object.fromEntries(
      SENSOR_KINDS.map((sensor) => [sensor, totals.get(`measurement.${sensor}`) ?? 0]),
    ) as Record<SensorKind, number>
  }

  #find(identifier: string): { id: number; batch: number | null } | undefined {
    return this.#database.get(MEASUREMENTS.find, identifier)
  }
}
