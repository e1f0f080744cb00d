import type { BatchStore } from '#gateway/journal/api/batches.js'
import type { RowCipher } from '#gateway/journal/sqlite/cipher.js'
import { Database } from '#gateway/journal/sqlite/database.js'
import { readerCipher } from '#gateway/journal/sqlite/journal-reader.js'
import { CHECK, CONTINUATIONS } from '#gateway/journal/sqlite/queries.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { walkRows } from './row-walk.js'

const TOLD = 20

export interface JournalCheck {
  readonly path: string
  readonly batches: number
  readonly leaves: number
  readonly unbatched: number
  /** Null: every sealed row was opened; else why not. */
  readonly sealedRead: string | null
  /** When batches went on after the chain's last one, and who said so. */
  readonly continuations: ReturnType<BatchStore['continuations']>
  /** One sentence each; [] for a journal that is whole. */
  readonly problems: readonly string[]
  /** Problems left out. */
  readonly more: number
  /** Sealed rows that do not open. Each of them costs only itself. */
  readonly unopened: number
}

/**
 * Reads every page, index and sealed row; a gateway may be writing meanwhile. Changes nothing.
 * @throws HomebeatError `journal.not-found`, `journal.damaged` for a file that cannot even be opened, …
 */
export function checkJournal(path: string): JournalCheck {
  const database = Database.openReader(path)
  try {
    const damages = database.integrity()
    const { cipher, locked } = readerCipher(database)
    const counts = { batches: 0, leaves: 0, unbatched: 0 }
    const unopened: string[] = []
    const short: string[] = []
    // A file that is not in order need not give its rows.
    if (damages.length === 0)
      for (const { table, rows } of walkRows(database, noting(cipher, unopened)))
        for (const row of rows) {
          if (table === 'leaf') counts.leaves++
          if (table === 'measurement' && row.batch === null) counts.unbatched++
          if (table !== 'batch') continue
          counts.batches++
          const held = database.get<{ count: number }>(CHECK.leaves, row.number)?.count ?? 0
          if (held !== 0 && held !== row.count && row.purged === 0)
            short.push(`batch ${row.number} has ${held} of ${row.count} leaves`)
        }
    const problems = [...damages, ...short, ...unopened.map((context) => `${context} does not open`)]
    return {
      path,
      ...counts,
      continuations: damages.length === 0 ? database.all(CONTINUATIONS.all) : [],
      sealedRead: locked instanceof HomebeatError ? locked.message : null,
      problems: problems.slice(0, TOLD),
      more: Math.max(0, problems.length - TOLD),
      unopened: unopened.length,
    }
  } finally {
    database.close()
  }
}

/** Without the key nothing is said of a row. */
function noting(cipher: RowCipher, unopened: string[]): RowCipher {
  return {
    ...cipher,
    open(sealed, context) {
      try {
        return cipher.open(sealed, context)
      } catch (error) {
        if (error instanceof HomebeatError && error.code === 'journal.altered') unopened.push(context)
        throw new HomebeatError('journal.altered', 'It does not open.')
      }
    },
  }
}
