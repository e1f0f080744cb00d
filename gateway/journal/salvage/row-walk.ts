/** Reads every row of every table, a few at a time, and opens what is sealed: by this a changed page or row is found. */
import type { RowCipher } from '#gateway/journal/sqlite/cipher.js'
import type { Database } from '#gateway/journal/sqlite/database.js'
import { decodeHour } from '#gateway/journal/sqlite/hourly-aggregates.js'
import { decodeEntry } from '#gateway/journal/sqlite/manual-observations.js'
import { CHECK } from '#gateway/journal/sqlite/queries.js'
import { opened, openLeaf, openMeasurement, openSalts, openTransition } from '#gateway/journal/sqlite/sealed-rows.js'
import { decodeChange } from '#gateway/journal/sqlite/setting-changes.js'
import { contextOf } from '#gateway/journal/sqlite/unmapped.js'

/** Milliseconds on a Pi, waveforms included. */
const SLICE = 20

/** As the table has it. */
// biome-ignore lint/suspicious/noExplicitAny: a row of any table
type Row = any

const OPENERS: Readonly<
  Record<string, { readonly sealed: string; readonly open: (c: RowCipher, row: Row) => unknown }>
> = {
  measurement: { sealed: 'payload', open: (c, row) => openMeasurement(c, row.identifier, row.payload) },
  leaf: { sealed: 'observation', open: (c, row) => openLeaf(c, row.batch, row.position, row.observation) },
  batch: { sealed: 'leaf_salts', open: (c, row) => openSalts(c, row.number, row.leaf_salts) },
  alert_transition: {
    sealed: 'value',
    open: (c, row) => openTransition(c, { ...row, alertId: row.alert_id }, row.value),
  },
  hourly_aggregate: { sealed: 'payload', open: decodeHour },
  setting_change: { sealed: 'change', open: decodeChange },
  patient_entry: { sealed: 'value', open: decodeEntry },
  unmapped_message: {
    sealed: 'payload',
    open: (c, row) => c.open(row.payload, contextOf(row.device, row.received_at)),
  },
}

export interface RowSlice {
  readonly table: string
  readonly rows: readonly Row[]
}

/**
 * Between two slices anything may be committed. @param cipher is asked for each sealed row
 * @throws HomebeatError `journal.damaged`, `journal.closed`, `journal.key-…`
 */
export function* walkRows(database: Database, cipher: RowCipher): Generator<RowSlice> {
  for (const { name: table, keyed } of database.all<{ name: string; keyed: number }>(CHECK.tables)) {
    const opener = OPENERS[table]
    let after = 0
    for (;;) {
      // Tables without row ids are small, so that counting from their beginning is no matter.
      const rows: Row[] = keyed
        ? database.all(`SELECT * FROM "${table}" LIMIT ? OFFSET ?`, SLICE, after)
        : database.all(`SELECT rowid AS row_id, * FROM "${table}" WHERE rowid > ? ORDER BY rowid LIMIT ?`, after, SLICE)
      if (rows.length === 0) break
      after = keyed ? after + rows.length : rows.at(-1).row_id
      for (const row of rows) {
        // What is no blob any more does not open either.
        if (opener && row[opener.sealed] !== null) opened(() => opener.open(cipher, row))
      }
      yield { table, rows }
    }
  }
}
