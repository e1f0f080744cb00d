/**
 * The journal's tables: a file for each migration. A released one is never edited, a change is a new file with the next
 * number. `user_version` counts those applied.
 */
import { HomebeatError } from '#gateway/platform/errors.js'
import { journal } from './migrations/001-journal.js'
import { notifications } from './migrations/002-notifications.js'
import { unmappedMessages } from './migrations/003-unmapped-messages.js'
import { queueAndRetention } from './migrations/004-queue-and-retention.js'
import { sealedRows } from './migrations/005-sealed-rows.js'
import { clockStretches } from './migrations/006-clock-stretches.js'
import { times } from './migrations/007-times.js'
import { patient } from './migrations/008-patient.js'
import { laneParts } from './migrations/009-lane-parts.js'
import { pauses } from './migrations/010-pauses.js'
import { continuations } from './migrations/011-continuations.js'
import { rowChecks } from './migrations/012-row-checks.js'

/** "HBjl": tells a journal from any other SQLite file (https://www.sqlite.org/fileformat.html#application_id). */
export const APPLICATION_ID = 0x48426a6c

/** In the order in which they are applied. */
export const MIGRATIONS: readonly string[] = [
  journal,
  notifications,
  unmappedMessages,
  queueAndRetention,
  sealedRows,
  clockStretches,
  times,
  patient,
  laneParts,
  pauses,
  continuations,
  rowChecks,
]

/** The part of better-sqlite3's database that `migrate` uses. */
interface Migratable {
  pragma(source: string, options: { simple: true }): unknown
  exec(sql: string): unknown
}

/** Brings a database to the newest schema, each step in a transaction of its own. Throws `journal.newer-schema`. */
export function migrate(database: Migratable, path: string): void {
  for (let version = checkVersion(database, path); version < MIGRATIONS.length; version++) {
    database.exec('BEGIN IMMEDIATE')
    try {
      database.exec(MIGRATIONS[version] as string)
      database.exec(`PRAGMA user_version = ${version + 1}`)
      database.exec('COMMIT')
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}

/** The schema version of a journal (0: an empty file). Throws when the file is not a journal this Homebeat can use. */
export function checkVersion(database: Migratable, path: string): number {
  const version = Number(database.pragma('user_version', { simple: true }))
  const application = Number(database.pragma('application_id', { simple: true }))
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0))
    throw new HomebeatError(
      'journal.not-a-journal',
      `${path} is a database of another program: give Homebeat a data folder of its own (dataDir).`,
    )
  if (version > MIGRATIONS.length)
    throw new HomebeatError(
      'journal.newer-schema',
      `The journal ${path} was written by a newer Homebeat (schema ${version}, this one knows ${MIGRATIONS.length}): install that version or a later one.`,
    )
  return version
}
