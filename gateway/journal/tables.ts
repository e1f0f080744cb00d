import type { Clock } from '#gateway/runtime/clock.js'
import { AlertLog } from './alert-log.js'
import { BatchTable } from './batches.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import type { JournalTotals } from './journal.js'
import { MeasurementTable } from './measurements.js'
import { Outbox } from './outbox.js'
import { BATCHES_ANCHORED, BATCHES_CLOSED, readTotals } from './totals.js'

/** The rooms of one open journal; what the writer and the reader share. */
export interface Tables {
  readonly database: Database
  readonly cipher: RowCipher
  readonly measurements: MeasurementTable
  readonly alerts: AlertLog
  readonly batches: BatchTable
  readonly outbox: Outbox
}

export function openTables(database: Database, cipher: RowCipher, clock: Clock): Tables {
  const measurements = new MeasurementTable(database, cipher)
  return {
    database,
    cipher,
    measurements,
    alerts: new AlertLog(database, cipher),
    batches: new BatchTable(database, measurements, cipher),
    outbox: new Outbox(database, clock),
  }
}

export function totalsOf(tables: Tables): JournalTotals {
  const totals = readTotals(tables.database)
  return {
    measurements: tables.measurements.counts(),
    batchesClosed: totals.get(BATCHES_CLOSED) ?? 0,
    batchesAnchored: totals.get(BATCHES_ANCHORED) ?? 0,
  }
}
