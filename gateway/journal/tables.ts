import type { Clock } from '#gateway/runtime/clock.js'
import { AlertLog } from './alert-log.js'
import { BatchTable } from './batches.js'
import type { Database } from './database.js'
import type { JournalTotals } from './journal.js'
import { MeasurementTable } from './measurements.js'
import { Outbox } from './outbox.js'
import { StretchTable } from './stretches.js'
import { BATCHES_ANCHORED, BATCHES_CLOSED, readTotals } from './totals.js'

/** The rooms of one open journal; what the writer and the reader share. */
export interface Tables {
  readonly database: Database
  readonly measurements: MeasurementTable
  readonly alerts: AlertLog
  readonly batches: BatchTable
  readonly outbox: Outbox
  readonly stretches: StretchTable
}

export function openTables(database: Database, clock: Clock): Tables {
  const measurements = new MeasurementTable(database)
  return {
    database,
    measurements,
    alerts: new AlertLog(database),
    batches: new BatchTable(database, measurements),
    outbox: new Outbox(database, clock),
    stretches: new StretchTable(database, measurements),
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
