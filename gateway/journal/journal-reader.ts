import { systemClock } from '#gateway/runtime/clock.js'
import { anchorJournal } from './anchors.js'
import { Database } from './database.js'
import { epochKeyStore } from './epoch-keys.js'
import type { JournalReader } from './journal.js'
import { storedValues } from './stored-values.js'
import { openTables, totalsOf } from './tables.js'

/**
 * Reads a journal without writing to it, while a gateway runs on it or after.
 *
 * @param path of the journal's SQLite file.
 * @throws HomebeatError `journal.not-found`, `journal.newer-schema`, `journal.older-schema`, `journal.damaged`, …
 */
export function openJournalReader(path: string): JournalReader {
  const database = Database.openReader(path)
  const tables = openTables(database, systemClock)
  const { measurements, alerts, batches, outbox } = tables
  return {
    unbatchedCount: () => measurements.unbatchedCount(),
    hasMeasurement: (identifier) => measurements.has(identifier),
    batchOf: (identifier) => measurements.batchOf(identifier),
    lastBatch: () => batches.last(),
    batch: (number) => batches.byNumber(number),
    batchNumbers: () => batches.numbers(),
    activeAlerts: () => alerts.active(),
    transition: (id) => alerts.byId(id),
    episode: (alertId) => alerts.ofAlert(alertId),
    notifications: (alertId) => tables.notifications.ofAlert(alertId),
    tellings: (alertId) => tables.notifications.tellings(alertId),
    actions: (limit) => tables.notifications.actions(limit),
    transitions: (limit) => alerts.latest(limit),
    transitionsBetween: (from, to) => alerts.between(from, to),
    values: storedValues(database),
    alertDelivery: (id) => alerts.deliveryById(id),
    alertDeliveries: (limit) => alerts.deliveries(limit),
    depths: () => outbox.depths(),
    totals: () => totalsOf(tables),
    anchors: anchorJournal(() => database),
    epochKeys: epochKeyStore(() => database),
    unmapped: tables.unmapped,
    close: () => database.close(),
  }
}
