import { type Measurement, SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import type { MeasurementStore } from '#gateway/journal/api/measurements.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { decodeMeasurement, encodeMeasurement, type MeasurementRow } from './measurement-codec.js'
import { MEASUREMENTS } from './queries.js'
import { opened, openMeasurement, sealMeasurement } from './sealed-rows.js'
import { addTotal, readTotals } from './totals.js'

const CONFLICTS = 'identity-conflict'

type SealedRow = Pick<MeasurementRow, 'identifier' | 'sensor' | 'at'> & {
  readonly id: number
  readonly payload: Uint8Array
}

interface UnbatchedRow {
  readonly id: number
  readonly measurement: Measurement | null
}

/** Measurements in commit order, until a batch holds them. */
export class MeasurementTable implements MeasurementStore {
  readonly #database: Database
  readonly #cipher: RowCipher
  /** Counted along in a writer: it is asked after every commit, and SQLite would walk through all of them. */
  #count: number | null = null
  /** Row id of the first one that waits for the clock. */
  #heldFrom: number | null = null

  constructor(database: Database, cipher: RowCipher) {
    this.#database = database
    this.#cipher = cipher
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
        sealMeasurement(this.#cipher, row.identifier, row),
      )
      if (changes === 0) continue
      stored++
      for (const name of [`measurement.${row.sensor}`, ...(row.isConflict ? [CONFLICTS] : [])])
        added.set(name, (added.get(name) ?? 0) + 1)
    }
    for (const [name, count] of added) addTotal(this.#database, name, count)
    return stored
  }

  unbatched(limit: number): Measurement[] {
    const found: Measurement[] = []
    for (let after = 0, wanted = limit; wanted > 0; ) {
      const page = this.#page(after, this.#heldFrom, wanted)
      for (const { measurement } of page) if (measurement) found.push(measurement)
      after = page.at(-1)?.id ?? after
      // Rows that do not open must not stand before those that do.
      wanted = page.length < wanted ? 0 : limit - found.length
    }
    return found
  }

  unbatchedCount(): number {
    return this.#heldFrom === null && this.#count !== null ? this.#count : this.#countBefore(this.#heldFrom)
  }

  /** Those that wait for the clock. */
  heldCount(): number {
    return this.#heldFrom === null ? 0 : this.#countBefore(null) - this.#countBefore(this.#heldFrom)
  }

  /** @param from row id; null: none waits for the clock */
  hold(from: number | null): void {
    this.#heldFrom = from
  }

  /** Begins to count along. */
  recount(): void {
    this.#count = this.#countBefore(null)
  }

  /** So many more, or fewer, have no batch: once that is durable. */
  counted(difference: number): void {
    if (this.#count !== null) this.#count += difference
  }

  /** In commit order, with their row ids; null for what does not open. @param after row id */
  unbatchedAfter(after: number, limit: number) {
    return this.#page(after, null, limit)
  }

  /** Writes an unbatched measurement anew. @returns its identifier, told apart by `mark` where another one has it */
  replace(id: number, measurement: Measurement, mark: number): string {
    let { identifier } = measurement
    for (let i = 1; (this.#find(identifier)?.id ?? id) !== id; i++)
      identifier = `${measurement.identifier}.${mark}${i === 1 ? '' : `.${i}`}`
    const row = encodeMeasurement({ ...measurement, identifier })
    this.#database.run(MEASUREMENTS.replace, identifier, row.at, sealMeasurement(this.#cipher, identifier, row), id)
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

  #countBefore(id: number | null): number {
    const before = id ?? Number.MAX_SAFE_INTEGER
    return this.#database.get<{ count: number }>(MEASUREMENTS.unbatchedCount, before)?.count ?? 0
  }

  counts(): Record<SensorKind, number> {
    const totals = readTotals(this.#database)
    return Object.fromEntries(
      SENSOR_KINDS.map((sensor) => [sensor, totals.get(`measurement.${sensor}`) ?? 0]),
    ) as Record<SensorKind, number>
  }

  conflicts(): number {
    return readTotals(this.#database).get(CONFLICTS) ?? 0
  }

  #page(after: number, before: number | null, limit: number): UnbatchedRow[] {
    const to = before ?? Number.MAX_SAFE_INTEGER
    return this.#database.all<SealedRow>(MEASUREMENTS.unbatched, after, to, limit).map((row) => {
      const body = opened(() => openMeasurement(this.#cipher, row.identifier, row.payload))
      return { id: row.id, measurement: body && decodeMeasurement({ ...row, ...body }) }
    })
  }

  #find(identifier: string): { id: number; batch: number | null } | undefined {
    return this.#database.get(MEASUREMENTS.find, identifier)
  }
}
