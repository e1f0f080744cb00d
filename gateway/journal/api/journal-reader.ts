import { openDamages } from '#gateway/journal/salvage/damages.js'
import { anchorJournal } from '#gateway/journal/sqlite/anchors.js'
import type { RowCipher } from '#gateway/journal/sqlite/cipher.js'
import { Database } from '#gateway/journal/sqlite/database.js'
import { epochKeyStore } from '#gateway/journal/sqlite/epoch-keys.js'
import { readJournalKey } from '#gateway/journal/sqlite/journal-key.js'
import { lockedCipher } from '#gateway/journal/sqlite/sealed-rows.js'
import { settingsJournal } from '#gateway/journal/sqlite/setting-changes.js'
import { storedValues } from '#gateway/journal/sqlite/stored-values.js'
import { openTables, totalsOf } from '#gateway/journal/sqlite/tables.js'
import { cipherFor } from '#gateway/journal/sqlite/unlock.js'
import { systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { JournalReader } from './journal.js'

/**
 * Reads a journal without writing to it, while a gateway runs on it or after. Only what is sealed needs its key: without
 * one `batch` throws `journal.key-missing`, and alerts come without their values.
 *
 * @param path of the journal's SQLite file.
 * @throws HomebeatError `journal.not-found`, `journal.newer-schema`, `journal.older-schema`, `journal.damaged`, …
 */
export function openJournalReader(path: string): JournalReader {
  const database = Database.openReader(path)
  const { cipher } = readerCipher(database)
  const tables = openTables(database, cipher, systemClock)
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
    values: storedValues(database, cipher),
    alertDelivery: (id) => alerts.deliveryById(id),
    alertDeliveries: (limit) => alerts.deliveries(limit),
    depths: () => outbox.depths(),
    formerDepths: () => outbox.formerDepths(),
    leafHashes: (number) => batches.leafHashes(number),
    leafSalts: (number) => batches.leafSalts(number),
    totals: () => totalsOf(tables),
    damages: () => openDamages(database),
    anchors: anchorJournal(() => database),
    epochKeys: epochKeyStore(() => database),
    settings: settingsJournal(() => tables),
    unmapped: tables.unmapped,
    close: () => database.close(),
  }
}

/** `locked`: why nothing sealed can be read. */
export function readerCipher(database: Database): { cipher: RowCipher; locked: HomebeatError | null } {
  try {
    return { cipher: cipherFor(database, readJournalKey(database.path)), locked: null }
  } catch (error) {
    if (error instanceof HomebeatError && /^(journal\.key-|secret\.)/.test(error.code))
      return { cipher: lockedCipher(error), locked: error }
    database.close()
    throw error
  }
}
