import type { Journal } from '#gateway/journal/api/journal.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'

export interface FlagSyncOptions {
  readonly journal: Pick<Journal, 'activeAlerts' | 'queueFlags'>
  /** How long an alert must have been open. */
  readonly afterMs: number
  readonly clock: Clock
  readonly logger: Logger
}

const LOOK_MS = 15_000

/** What who reads the record must know from its first moment: that values may be missing, or not alarmed on. */
const STANDING_AT_ONCE: ReadonlySet<string> = new Set(['alarms-inhibited', 'journal-damaged'])

/** Notices which alerts stand, so that the clear FHIR targets are given a Flag; its end comes with that of the alert. */
export class FlagSync implements Lifecycle {
  readonly #options: FlagSyncOptions
  /** Alerts queued in this run; the journal queues none twice. */
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
    this.#cancel = clock.after(LOOK_MS, () => this.#look())
    try {
      this.#queue(clock.now())
    } catch (error) {
      logger.warn({ err: error }, 'standing alerts could not be flagged; it is tried again')
    }
  }

  #queue(now: number): void {
    const { journal, afterMs } = this.#options
    const standing = journal
      .activeAlerts()
      .filter(({ condition, raisedAt }) => STANDING_AT_ONCE.has(condition) || now - raisedAt >= afterMs)
      .map(({ alertId }) => alertId)
    const fresh = standing.filter((alertId) => !this.#queued.has(alertId))
    if (fresh.length > 0) journal.queueFlags(fresh)
    this.#queued = new Set(standing)
  }
}
