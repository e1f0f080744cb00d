import { type Clock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'

/** Between two slices: a journal of 8 GB is read within an hour, and a card is busy a third of that time. */
const PAUSE_MS = 50

/** What a scrub needs of a journal. */
export interface Scrubbable {
  /** Reads every row, a few at a time, and gives how many; what it finds it notes, or finds damaged. */
  rows(): Iterable<number>
  /** All were read. */
  done(rows: number): void
}

/** Reads the whole journal now and then: what a card has changed must not be found months later. */
export class Scrub {
  readonly #options: { readonly journal: Scrubbable; readonly clock: Clock; readonly logger: Logger }
  #running: Promise<void> | null = null

  constructor(options: { readonly journal: Scrubbable; readonly clock: Clock; readonly logger: Logger }) {
    this.#options = options
  }

  /** One run; a call during a run gets that one. Never rejects, and ends early where the journal is closed or damaged. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #run(): Promise<void> {
    const { journal, clock, logger } = this.#options
    let rows = 0
    try {
      for (const count of journal.rows()) {
        rows += count
        await wait(clock, PAUSE_MS)
      }
      journal.done(rows)
    } catch (error) {
      if (error instanceof HomebeatError && error.code === 'journal.closed') return
      logger.error({ err: error }, 'the journal could not be read through')
    }
  }
}
