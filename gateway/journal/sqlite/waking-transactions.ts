import { type Lane, laneKey } from '#gateway/model/lane.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Database } from './database.js'

/** Transactions that wake, once they are durable, the lanes for which they queued something. */
export class WakingTransactions {
  readonly #database: Database
  readonly #logger: Logger
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #lanes = new Set<string>()

  constructor(database: Database, logger: Logger) {
    this.#database = database
    this.#logger = logger
  }

  /** Returns an unsubscribe function. */
  onQueued(lane: Lane, listener: () => void): () => void {
    const key = laneKey(lane)
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  /** Call inside the transaction that queues. */
  wake(lane: Lane): void {
    this.#lanes.add(laneKey(lane))
  }

  /** @param onceDurable before anybody is woken */
  run<Result>(action: () => Result, onceDurable: () => void = () => {}): Result {
    this.#lanes.clear()
    const result = this.#database.transaction(action)
    onceDurable()
    const lanes = [...this.#lanes]
    this.#lanes.clear()
    for (const lane of lanes) {
      for (const listener of this.#listeners.get(lane) ?? []) {
        try {
          listener()
        } catch (error) {
          // The rows stay durable; a listener's trouble is not the committer's.
          this.#logger.error({ err: error, lane }, 'a lane could not be woken')
        }
      }
    }
    return result
  }
}
