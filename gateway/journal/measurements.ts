import { type Measurement, SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import type { Database } from './database.js'
import { decodeMeasurement, encodeMeasurement, type MeasurementRow } from './measurement-codec.js'
import { MEASUREMENTS } from './queries.js'
import { addTotal, readTotals } from './totals.js'

/** Measurements in commit order, until a batch holds them. */
export class MeasurementTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores those that are new; counts only those. Call inside a transaction. */
  insert(rows: readonly MeasurementRow[]): void {
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
      if (changes > 0) added.set(row.sensor, (added.get(row.sensor) ?? 0) + 1)
    }
    for (const [sensor, count] of added) addTotal(this.#database, `measurement.${sensor}`, count)
  }

  /** @param before row id: later ones are not looked at */
  unbatched(limit: number, before = Number.MAX_SAFE_INTEGER): Measurement[] {
    return this.#database.all<MeasurementRow>(MEASUREMENTS.unbatched, before, limit).map(decodeMeasurement)
  }

  unbatchedCount(before = Number.MAX_SAFE_INTEGER): number {
    return this.#database.get<{ count: number }>(MEASUREMENTS.unbatchedCount, before)?.count ?? 0
  }

  /** In commit order, with their row ids. @param after row id */
  unbatchedAfter(after: number, limit: number): { readonly id: number; readonly measurement: Measurement }[] {
    return this.#database
      .all<MeasurementRow & { readonly id: number }>(MEASUREMENTS.unbatchedAfter, after, limit)
      .map((row) => ({ id: row.id, measurement: decodeMeasurement(row) }))
  }

  /** Writes an unbatched measurement anew. @returns its identifier, told apart by `mark` where another one has it */
  replace(id: number, measurement: Measurement, mark: number): string {
    let { identifier } = measurement
    for (let i = 1; (this.#find(identifier)?.id ?? id) !== id; i++)
      identifier = `${measurement.identifier}.${mark}${i === 1 ? '' : `.${i}`}`
    const row = encodeMeasurement({ ...measurement, identifier })
    this.#database.run(MEASUREMENTS.replace, identifier, row.at, row.payload, row.samples, id)
    return identifier
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
