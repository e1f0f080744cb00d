import type { ClockStretch, Move, NewStretch } from '#gateway/journal/api/clock.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import type { MeasurementTable } from './measurements.js'
import { STRETCHES } from './queries.js'
import { opened, openTransition, sealTransition } from './sealed-rows.js'

type Row = Omit<ClockStretch, 'trusted'> & { readonly trusted: number }

interface TransitionRow {
  readonly id: number
  readonly at: number
  readonly raisedAt: number
  readonly measurement: string | null
  readonly alertId: string
  readonly state: string
  /** Sealed. */
  readonly value: Uint8Array | null
  /** Raised before this run. */
  readonly earlier: number
}

/** Rows looked at in one go, so that a day of waveforms need not fit into memory. */
const PAGE = 200

export class StretchTable {
  readonly #database: Database
  readonly #measurements: MeasurementTable
  readonly #cipher: RowCipher

  constructor(database: Database, measurements: MeasurementTable, cipher: RowCipher) {
    this.#database = database
    this.#cipher = cipher
    this.#measurements = measurements
  }

  last(): ClockStretch | null {
    const row = this.#database.get<Row>(STRETCHES.last)
    return row ? toStretch(row) : null
  }

  newestTrusted(): number | null {
    const row = this.#database.get<Row>(STRETCHES.lastTrusted)
    if (!row) return this.#newest(0, Number.MAX_SAFE_INTEGER)
    const next = this.#database.get<Row>(STRETCHES.next, row.id)
    const newest = this.#newest(row.firstMeasurement, next?.firstMeasurement ?? Number.MAX_SAFE_INTEGER)
    return Math.max(row.wallMs, newest ?? 0)
  }

  /** The first measurement after the last stretch that was believed or has been moved: what may have to wait. */
  firstUnset(): number | null {
    return this.#database.get<{ first: number | null }>(STRETCHES.firstUnset)?.first ?? null
  }

  /** Call inside a transaction. */
  begin(stretch: NewStretch, move: Move | null): ClockStretch {
    const last = this.last()
    const newestMs = Math.max(last?.newestMs ?? 0, this.#newest(0, Number.MAX_SAFE_INTEGER) ?? 0)
    const { id } = this.#database.run(
      STRETCHES.insert,
      stretch.run === 'same' ? (last?.run ?? null) : null,
      stretch.monotonicMs,
      stretch.wallMs,
      stretch.trusted ? 1 : 0,
      newestMs,
    )
    if (stretch.run === 'new' || !last) this.#database.run(STRETCHES.startRun, id)
    const begun = this.last() as ClockStretch
    if (move && last) this.#move(last, begun, move)
    return begun
  }

  #move(from: ClockStretch, to: ClockStretch, move: Move): void {
    const renamed = new Map<string, string>()
    for (let after = from.firstMeasurement - 1; ; ) {
      const page = this.#measurements.unbatchedAfter(after, PAGE)
      for (const { id, measurement } of page) {
        after = id
        if (!measurement) continue
        const moved = move.measurement(measurement, to)
        if (!moved) continue
        const identifier = this.#measurements.replace(id, moved, to.id)
        if (identifier !== measurement.identifier) renamed.set(measurement.identifier, identifier)
      }
      if (page.length < PAGE) break
    }
    const { firstTransition: first } = from
    for (const row of this.#database.all<TransitionRow>(STRETCHES.transitionsFrom, first, first)) {
      const raisedAt = row.earlier ? row.raisedAt : row.raisedAt + move.byMs
      // The end of an alert of an earlier run was written as not before its beginning: when it was is lost, but not
      // before this run.
      const clamped = row.earlier && row.at === row.raisedAt
      const at = clamped ? Math.max(raisedAt, from.wallMs + move.byMs) : row.at + move.byMs
      const cause = row.measurement === null ? null : (renamed.get(row.measurement) ?? row.measurement)
      const moved = Math.max(at, raisedAt)
      this.#database.run(STRETCHES.moveTransition, moved, raisedAt, cause, this.#resealed(row, moved), row.id)
    }
    this.#database.run(STRETCHES.moved, move.byMs, from.id)
  }

  /** A transition's values are bound to its time. */
  #resealed(row: TransitionRow, at: number): Uint8Array | null {
    if (row.value === null) return null
    const values = opened(() => openTransition(this.#cipher, row, row.value as Uint8Array))
    if (!values) return row.value
    return sealTransition(this.#cipher, { ...row, at }, ...values)
  }

  #newest(from: number, before: number): number | null {
    return this.#database.get<{ newest: number | null }>(STRETCHES.newest, from, before)?.newest ?? null
  }
}

function toStretch({ trusted, ...rest }: Row): ClockStretch {
  return { ...rest, trusted: trusted === 1 }
}
