import type { LaneRoute } from '#gateway/journal/routing.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { alarmActionLog } from './alarm-actions.js'
import { AlertLog } from './alert-log.js'
import { BatchTable } from './batches.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { LeafTable } from './leaves.js'
import { MeasurementTable } from './measurements.js'
import { NotificationLog } from './notifications.js'
import { Outbox } from './outbox.js'
import { OutboxQueue } from './queue.js'
import { StretchTable } from './stretches.js'
import { type UnmappedBounds, UnmappedTable } from './unmapped.js'
import { WakingTransactions } from './waking-transactions.js'

/** The tables of one journal; what the writer and the reader share. */
export type Tables = ReturnType<typeof tablesOf>

/** The room of one device's unreadable messages by default. */
export const UNMAPPED_BOUNDS: UnmappedBounds = { maxMessages: 10_000, maxBytes: 64 * 1024 * 1024 }

export interface TablesOptions {
  readonly database: Database
  readonly cipher: RowCipher
  readonly lanes: readonly LaneRoute[]
  readonly unmapped?: UnmappedBounds | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export function tablesOf({ database, cipher, lanes, unmapped = UNMAPPED_BOUNDS, clock, logger }: TablesOptions) {
  const transactions = new WakingTransactions(database, logger)
  const measurements = new MeasurementTable(database, cipher)
  const alerts = new AlertLog(database, cipher)
  const alarmActions = alarmActionLog(database)
  const leaves = new LeafTable(database, cipher)
  return {
    ...{ database, cipher, transactions, measurements, alerts, alarmActions, leaves },
    notifications: new NotificationLog(database, alerts, alarmActions),
    batches: new BatchTable(database, measurements, leaves),
    outbox: new Outbox(database, clock, alerts, transactions, lanes),
    queue: new OutboxQueue(database, clock, transactions),
    unmapped: new UnmappedTable(database, unmapped, cipher),
    stretches: new StretchTable(database, measurements, cipher),
  }
}
