/** Ties a key to a journal: the first start writes what the key is known by, each later one compares. */
import type { Logger } from '#gateway/runtime/logger.js'
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
    sealClearRows(database, cipher)
    database.rewrite()
    database.run(KEY.put, check, 1)
    logger.info('the journal is encrypted')
  } else if (!check.equals(row.checkValue)) {
    logger.warn('the check value of the journal’s key was damaged; rows open, it is written anew')
    database.run(KEY.put, check, 1)
  }
  return cipher
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

/** Bounded transactions; clear rows are told by their type, so that a crash in between costs nothing. */
function sealClearRows(database: Database, cipher: RowCipher): void {
  eachClear<{ id: number; identifier: string; payload: string; samples: Uint8Array | null }>(
    database,
    KEY.clearMeasurements,
    (row) => database.run(KEY.sealMeasurement, sealMeasurement(cipher, row.identifier, row), row.id),
  )
  eachClear<{ id: number; batch: number; position: number; identifier: string; salt: string; observation: string }>(
    database,
    KEY.clearLeaves,
    (row) => database.run(KEY.sealLeaf, sealLeaf(cipher, row.batch, row.position, row), row.id),
  )
  eachClear<{
    id: number
    alertId: string
    state: string
    at: number
    value: number | null
    limitValue: number | null
  }>(database, KEY.clearTransitions, (row) =>
    database.run(KEY.sealTransition, sealTransition(cipher, row, row.value, row.limitValue), row.id),
  )
}

function eachClear<Row extends { readonly id: number }>(
  database: Database,
  sql: string,
  seal: (row: Row) => void,
): void {
  let last = 0
  for (;;) {
    const rows = database.all<Row>(sql, last, ROWS_AT_ONCE)
    if (rows.length === 0) return
    database.transaction(() => {
      for (const row of rows) seal(row)
    })
    last = rows.at(-1)?.id ?? last
  }
}
