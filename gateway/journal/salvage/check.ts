import type { BatchStore } from '#gateway/journal/api/batches.js'
import { Database } from '#gateway/journal/sqlite/database.js'
import { readerCipher } from '#gateway/journal/sqlite/journal-reader.js'
import { CHECK, CONTINUATIONS } from '#gateway/journal/sqlite/queries.js'
import { isLocked, openLeaf, openMeasurement } from '#gateway/journal/sqlite/sealed-rows.js'
import { HomebeatError } from '#gateway/platform/errors.js'

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
}

/**
 * Reads every page, index and sealed row; a gateway may be writing meanwhile. Changes nothing.
 * @throws HomebeatError `journal.not-found`, `journal.damaged` for a file that cannot even be opened, …
 */
export function checkJournal(path: string): JournalCheck {
  const database = Database.openReader(path)
  try {
    const problems = database.integrity()
    const { cipher, locked } = readerCipher(database)
    const counts = { batches: 0, leaves: 0, unbatched: 0 }
    const look = (what: string, open: () => unknown) => {
      try {
        open()
      } catch (error) {
        if (isLocked(error)) return
        problems.push(`${what} does not open`)
      }
    }
    // A file that is not in order need not give its rows.
    if (problems.length === 0) {
      for (const { number, count } of database.all<{ number: number; count: number }>(CHECK.batches)) {
        counts.batches++
        const leaves = database.all<{ position: number; observation: Uint8Array }>(CHECK.leaves, number)
        counts.leaves += leaves.length
        if (leaves.length !== 0 && leaves.length !== count)
          problems.push(`batch ${number} has ${leaves.length} of ${count} leaves`)
        for (const { position, observation } of leaves)
          look(`leaf ${position} of batch ${number}`, () => openLeaf(cipher, number, position, observation))
      }
      for (const { identifier, payload } of database.all<{ identifier: string; payload: Uint8Array }>(
        CHECK.unbatched,
      )) {
        counts.unbatched++
        look(`measurement ${identifier}`, () => openMeasurement(cipher, identifier, payload))
      }
    }
    return {
      path,
      ...counts,
      continuations: problems.length === 0 ? database.all(CONTINUATIONS.all) : [],
      sealedRead: locked instanceof HomebeatError ? locked.message : null,
      problems: problems.slice(0, TOLD),
      more: Math.max(0, problems.length - TOLD),
    }
  } finally {
    database.close()
  }
}
