/** Ties a key to a journal: the first start writes what the key is known by, each later one compares. */
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { createRowCipher, keyCheckOf, type RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { keyWrong } from './journal-key.js'
import { KEY } from './queries.js'
import { isLocked, openLeaf, openMeasurement, sealLeaf, sealMeasurement, sealTransition } from './sealed-rows.js'

/** Rows of one transaction while a journal of before is sealed: below a megabyte of log even with waveforms. */
const ROWS_AT_ONCE = 200

interface KeyRow {
  readonly checkValue: Uint8Array
  readonly allSealed: number
}

/**
 * The cipher of a journal that is open for writing; seals what an earlier Homebeat wrote in clear.
 * @throws HomebeatError `journal.key-wrong`; nothing is written then
 */
export function unlock(database: Database, key: Uint8Array, logger: Logger): RowCipher {
  const cipher = createRowCipher(key)
  const check = keyCheckOf(key)
  const row = database.get<KeyRow>(KEY.get)
  if (row && !check.equals(row.checkValue) && !opensSome(database, cipher)) throw keyWrong(database.path)
  if (row?.allSealed !== 1) {
    database.run(KEY.put, check, 0)
    const sealed = sealClearRows(database, cipher)
    // A journal that never had a clear row has nothing to hide in its free pages.
    if (sealed === 0 && !row) database.run(KEY.put, check, 1)
    else rewrite(database, check, logger)
  } else if (!check.equals(row.checkValue)) {
    logger.warn('the check value of the journal’s key was damaged; rows open, it is written anew')
    database.run(KEY.put, check, 1)
  }
  return cipher
}

/** A disk that is too full for a second copy must not keep a home unwatched: the next start tries again. */
function rewrite(database: Database, check: Uint8Array, logger: Logger): void {
  try {
    database.rewrite()
  } catch (error) {
    if (!(error instanceof HomebeatError) || error.retry !== 'transient' || error.code === 'journal.damaged')
      throw error
    logger.warn({ err: error }, 'the journal is encrypted, but free pages may still hold clear values: free some space')
    return
  }
  database.run(KEY.put, check, 1)
  logger.info('the journal is encrypted')
}

/** For a reader, which changes nothing. @throws HomebeatError `journal.key-wrong` */
export function cipherFor(database: Database, key: Uint8Array): RowCipher {
  const cipher = createRowCipher(key)
  const row = database.get<KeyRow>(KEY.get)
  if (row && !keyCheckOf(key).equals(row.checkValue) && !opensSome(database, cipher)) throw keyWrong(database.path)
  return cipher
}

/** The check value itself may be what a bad card changed: then rows still open. */
function opensSome(database: Database, cipher: RowCipher): boolean {
  const opens = (open: () => unknown) => {
    try {
      open()
      return true
    } catch (error) {
      if (isLocked(error)) throw error
      return false
    }
  }
  return (
    database
      .all<{ batch: number; position: number; observation: Uint8Array }>(KEY.someLeaves)
      .some((leaf) => opens(() => openLeaf(cipher, leaf.batch, leaf.position, leaf.observation))) ||
    database
      .all<{ identifier: string; payload: Uint8Array }>(KEY.someMeasurements)
      .some((row) => opens(() => openMeasurement(cipher, row.identifier, row.payload)))
  )
}

/** @returns how many. Bounded transactions; clear rows are told by their type, so that a crash in between costs nothing. */
function sealClearRows(database: Database, cipher: RowCipher): number {
  const measurements = eachClear<{ id: number; identifier: string; payload: string; samples: Uint8Array | null }>(
    database,
    KEY.clearMeasurements,
    (row) => database.run(KEY.sealMeasurement, sealMeasurement(cipher, row.identifier, row), row.id),
  )
  const leaves = eachClear<{
    id: number
    batch: number
    position: number
    identifier: string
    salt: string
    observation: string
  }>(database, KEY.clearLeaves, (row) =>
    database.run(KEY.sealLeaf, sealLeaf(cipher, row.batch, row.position, row), row.id),
  )
  const transitions = eachClear<{
    id: number
    alertId: string
    state: string
    at: number
    value: number | null
    limitValue: number | null
  }>(database, KEY.clearTransitions, (row) =>
    database.run(KEY.sealTransition, sealTransition(cipher, row, row.value, row.limitValue), row.id),
  )
  return measurements + leaves + transitions
}

function eachClear<Row extends { readonly id: number }>(
  database: Database,
  sql: string,
  seal: (row: Row) => void,
): number {
  let last = 0
  for (let count = 0; ; ) {
    const rows = database.all<Row>(sql, last, ROWS_AT_ONCE)
    if (rows.length === 0) return count
    database.transaction(() => {
      for (const row of rows) seal(row)
    })
    last = rows.at(-1)?.id ?? last
    count += rows.length
  }
}
