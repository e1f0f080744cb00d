import type { JournalTotals } from '#gateway/journal/api/journal.js'
import type { Clock } from '#gateway/platform/clock.js'
import { AlertLog } from './alert-log.js'
import { BatchTable } from './batches.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { MeasurementTable } from './measurements.js'
import { NotificationLog } from './notifications.js'
import { Outbox } from './outbox.js'
import { OutboxQueue } from './queue.js'
import { StretchTable } from './stretches.js'
import { BATCHES_ANCHORED, BATCHES_CLOSED, readTotals } from './totals.js'
import { type UnmappedBounds, UnmappedTable } from './unmapped.js'

/** The rooms of one open journal; what the writer and the reader share. */
export interface Tables {
  readonly database: Database
  readonly cipher: RowCipher
  readonly measurements: MeasurementTable
  readonly alerts: AlertLog
  readonly notifications: NotificationLog
  readonly batches: BatchTable
  readonly outbox: Outbox
  readonly unmapped: UnmappedTable
  readonly queue: OutboxQueue
  readonly stretches: StretchTable
}

/** What one device's unreadable messages may take where nothing else is said. */
export const UNMAPPED_BOUNDS: UnmappedBounds = { maxMessages: 10_000, maxBytes: 64 * 1024 * 1024 }

export function openTables(
  database: Database,
  cipher: RowCipher,
  clock: Clock,
  bounds: UnmappedBounds = UNMAPPED_BOUNDS,
): Tables {
  const measurements = new MeasurementTable(database, cipher)
  const alerts = new AlertLog(database, cipher)
  return {
    database,
    cipher,
    measurements,
    alerts,
    notifications: new NotificationLog(database, alerts),
    batches: new BatchTable(database, measurements, cipher),
    outbox: new Outbox(database, clock),
    unmapped: new UnmappedTable(database, bounds, cipher),
    queue: new OutboxQueue(database, clock),
    stretches: new StretchTable(database, measurements, cipher),
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
