import { type Measurement, SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { decodeMeasurement, type MeasurementRow } from './measurement-codec.js'
import { MEASUREMENTS } from './queries.js'
import { openMeasurement, sealMeasurement } from './sealed-rows.js'
import { addTotal, readTotals } from './totals.js'

type SealedRow = Pick<MeasurementRow, 'identifier' | 'sensor' | 'at'> & { readonly payload: Uint8Array }

/** Measurements in commit order, until a batch holds them. */
export class MeasurementTable {
  readonly #database: Database

  readonly #cipher: RowCipher

  constructor(database: Database, cipher: RowCipher) {
    this.#database = database
    this.#cipher = cipher
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
        sealMeasurement(this.#cipher, row.identifier, row),
      )
      if (changes > 0) added.set(row.sensor, (added.get(row.sensor) ?? 0) + 1)
    }
    for (const [sensor, count] of added) addTotal(this.#database, `measurement.${sensor}`, count)
  }

  unbatched(limit: number): Measurement[] {
    return this.#database
      .all<SealedRow>(MEASUREMENTS.unbatched, limit)
      .map((row) => decodeMeasurement({ ...row, ...openMeasurement(this.#cipher, row.identifier, row.payload) }))
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
