import type { JournalReader } from '#gateway/journal/api/journal.js'
import { damageStore } from '#gateway/journal/salvage/damages.js'
import { systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { anchorStore } from './anchors.js'
import { batchReader } from './batch-store.js'
import type { RowCipher } from './cipher.js'
import { Database } from './database.js'
import { epochKeyStore } from './epoch-keys.js'
import { readJournalKey } from './journal-key.js'
import { lockedCipher } from './sealed-rows.js'
import { settingStore } from './setting-changes.js'
import { storedValues } from './stored-values.js'
import { tablesOf } from './tables.js'
import { cipherFor } from './unlock.js'

/**
 * Reads a journal without writing to it, while a gateway runs on it or after. Only what is sealed needs its key: without
 * one a batch throws `journal.key-missing`, and alerts come without their values.
 *
 * @param path of the journal's SQLite file.
 * @throws HomebeatError `journal.not-found`, `journal.newer-schema`, `journal.older-schema`, `journal.damaged`, …
 */
export function openJournalReader(path: string): JournalReader {
  const database = Database.openReader(path)
  const { cipher } = readerCipher(database)
  const tables = tablesOf({ database, cipher, lanes: [], clock: systemClock, logger: silentLogger })
  const { measurements, alerts, notifications, alarmActions, outbox, unmapped } = tables
  return {
    ...{ measurements, alerts, notifications, alarmActions, outbox, unmapped },
    batches: batchReader(tables),
    values: storedValues(database, cipher),
    damages: damageStore(database, systemClock),
    anchors: anchorStore(database),
    epochKeys: epochKeyStore(database),
    settings: settingStore(database, cipher),
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
