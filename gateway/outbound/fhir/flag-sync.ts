import type { Journal } from '#gateway/journal/api/journal.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'

export interface FlagSyncOptions {
  readonly journal: Pick<Journal, 'alerts' | 'outbox'>
  /** How long an alert must have been open. */
  readonly afterMs: number
  readonly clock: Clock
  readonly logger: Logger
}

const INTERVAL_MS = 15_000

/** Conditions that are flagged at once: a reader of the record must know that values are missing or raise no alarm. */
const FLAGGED_AT_ONCE: ReadonlySet<string> = new Set(['alarms-inhibited', 'not-monitored', 'journal-damaged'])

/** Queues a Flag for each alert that has been open long enough. The end of the alert ends its Flag. */
export class FlagSync implements Lifecycle {
  readonly #options: FlagSyncOptions
  /** Alerts queued in this run. The journal queues none twice, also after a restart. */
  #queued = new Set<string>()
  #cancel: (() => void) | null = null

  constructor(options: FlagSyncOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    if (!this.#cancel) this.#look()
  }

  async stop(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
  }

  #look(): void {
    const { clock, logger } = this.#options
    this.#cancel = clock.after(INTERVAL_MS, () => this.#look())
    try {
      this.#queue(clock.now())
    } catch (error) {
      logger.warn({ err: error }, 'standing alerts could not be flagged; it is tried again')
    }
  }

  #queue(now: number): void {
    const { journal, afterMs } = this.#options
    const standing = journal.alerts
      .active()
      .filter(({ condition, raisedAt }) => FLAGGED_AT_ONCE.has(condition) || now - raisedAt >= afterMs)
      .map(({ alertId }) => alertId)
    const fresh = standing.filter((alertId) => !this.#queued.has(alertId))
    if (fresh.length > 0) journal.outbox.queueFlags(fresh)
    this.#queued = new Set(standing)
  }
}
