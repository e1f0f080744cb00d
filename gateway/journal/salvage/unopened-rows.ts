import type { RowCipher } from '#gateway/journal/sqlite/cipher.js'
import type { Database } from '#gateway/journal/sqlite/database.js'
import { UNOPENED } from '#gateway/journal/sqlite/queries.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'

/** Sealed rows that do not open, by their context. Each is left out, said once, and stays where it is. */
export class UnopenedRows {
  readonly #database: Database
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #known = new Set<string>()
  /** Not written down yet, with the epoch ms of their being found. */
  readonly #found = new Map<string, number>()

  constructor(database: Database, clock: Clock, logger: Logger) {
    this.#database = database
    this.#clock = clock
    this.#logger = logger
  }

  /** What earlier runs have found. */
  recall(): void {
    this.#known.clear()
    this.#found.clear()
    for (const { name } of this.#database.all<{ name: string }>(UNOPENED.all)) this.#known.add(name)
  }

  /** A cipher that notes what it does not open. It may be asked within any query, so nothing is written there. */
  watching(cipher: RowCipher): RowCipher {
    return {
      seal: (plain, context) => cipher.seal(plain, context),
      open: (sealed, context) => {
        try {
          return cipher.open(sealed, context)
        } catch (error) {
          if (error instanceof HomebeatError && error.code === 'journal.altered') this.#note(context)
          throw error
        }
      },
    }
  }

  /** Writes down what was found since; a disk that refuses is asked again next time. */
  keep(): void {
    if (this.#found.size === 0) return
    try {
      this.#database.transaction(() => {
        for (const [name, at] of this.#found) this.#database.run(UNOPENED.insert, name, at)
      })
      this.#found.clear()
    } catch (error) {
      this.#logger.debug({ err: error }, 'rows that do not open could not be written down')
    }
  }

  #note(context: string): void {
    if (this.#known.has(context)) return
    if (this.#found.size === 0)
      this.#logger.error('a row of the journal does not open and is left out: see homebeat journal check')
    this.#known.add(context)
    this.#found.set(context, this.#clock.now())
  }
}
