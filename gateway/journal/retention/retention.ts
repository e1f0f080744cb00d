/**
 * Retention: what may leave the journal, when, and in which pieces. Each kind of thing has a PurgeRule; the run asks one
 * after the other for small transactions, with pauses in which readings are committed.
 */
import type { Clock } from '#gateway/platform/clock.js'
import { wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'

export const DAY_MS = 86_400_000
const MB = 1024 * 1024

export interface RetentionPolicy {
  /** Content that every far end has is kept this long. */
  readonly days: number
  /** Above this much the oldest goes sooner. */
  readonly maxMb: number
  /** Whatever the size: never sooner than this. */
  readonly minDays: number
  /** Alerts, who was told of them, and the Observations that they name. */
  readonly alertDays: number
  /** Identifiers of readings that a device may send again from its memory. */
  readonly identifierDays: number
  /** Hashes of what went, from which the proof of an Observation can still be made. */
  readonly proofDays: number
}

export interface PurgeLimits {
  /** Epoch ms: what was closed before is old. */
  readonly oldBefore: number
  /** Epoch ms: nothing that was closed after this may go. */
  readonly floor: number
  readonly alertsBefore: number
  readonly identifiersBefore: number
  readonly proofsBefore: number
  /** Too much is held, or the disk is nearly full: what lies between `oldBefore` and `floor` may go, oldest first. */
  readonly pressed: () => boolean
}

export interface PurgeRule {
  readonly name: string
  /**
   * Does one small transaction (a few milliseconds) per step, and yields how many things went with it (0: it only
   * looked). Between two steps anything may be committed. May be left before its end.
   */
  purge(limits: PurgeLimits): Iterable<number>
}

/** What retention needs of a journal. */
export interface Purgeable {
  readonly purgeRules: readonly PurgeRule[]
  /** Bytes in use, and bytes that are free inside the file. */
  size(): { readonly used: number; readonly free: number }
  /** Gives up to this many free bytes back to the disk. */
  giveBack(bytes: number): void
}

export interface RetentionOptions {
  readonly journal: Purgeable
  readonly policy: RetentionPolicy
  /** The disk is nearly full. */
  readonly diskLow: () => boolean
  readonly clock: Clock
  readonly logger: Logger
  /** Between two transactions. Default: 20 ms. */
  readonly pause?: () => Promise<void>
  /** Transactions of one run; the next run goes on. */
  readonly maxSteps?: number
}

export interface RetentionReport {
  /** Things gone, by rule. */
  readonly gone: Readonly<Record<string, number>>
  readonly steps: number
  /** Nothing more may go now. */
  readonly complete: boolean
}

const MAX_STEPS = 5000
const PAUSE_MS = 20
/** Free pages that are kept for what comes next, rather than given back and asked for again. */
const SPARE_BYTES = 64 * MB
const GIVE_BACK_BYTES = MB
const GIVE_BACK_STEPS = 200

export class Retention {
  readonly #options: RetentionOptions
  readonly #pause: () => Promise<void>
  #running: Promise<RetentionReport> | null = null

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#pause = options.pause ?? (() => wait(options.clock, PAUSE_MS))
  }

  /** One run; a call during a run gets that one. Ends early, without an error, when the journal is closed. */
  run(): Promise<RetentionReport> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #run(): Promise<RetentionReport> {
    const gone: Record<string, number> = {}
    const report = { gone, steps: 0, complete: false }
    try {
      report.complete = await this.#purge(report)
      await this.#giveBack()
    } catch (error) {
      if (!(error instanceof HomebeatError && error.code === 'journal.closed')) throw error
    }
    if (Object.keys(gone).length > 0) this.#options.logger.info({ gone }, 'what is kept long enough has gone')
    return report
  }

  async #purge(report: { gone: Record<string, number>; steps: number }): Promise<boolean> {
    const { journal, maxSteps = MAX_STEPS } = this.#options
    const limits = this.#limits()
    for (const rule of journal.purgeRules) {
      for (const gone of rule.purge(limits)) {
        if (gone > 0) report.gone[rule.name] = (report.gone[rule.name] ?? 0) + gone
        if (++report.steps >= maxSteps) return false
        await this.#pause()
      }
    }
    return true
  }

  #limits(): PurgeLimits {
    const { policy, clock, journal, diskLow } = this.#options
    const now = clock.now()
    const ago = (days: number) => now - days * DAY_MS
    return {
      oldBefore: ago(Math.max(policy.days, policy.minDays)),
      floor: ago(policy.minDays),
      alertsBefore: ago(Math.max(policy.alertDays, policy.days)),
      identifiersBefore: ago(Math.max(policy.identifierDays, policy.days)),
      // The Observations that alerts name are records, with a proof, as long as they are kept.
      proofsBefore: ago(Math.max(policy.proofDays, policy.alertDays, policy.identifierDays, policy.days)),
      pressed: () => diskLow() || journal.size().used > policy.maxMb * MB,
    }
  }

  async #giveBack(): Promise<void> {
    const { journal, diskLow } = this.#options
    const spare = diskLow() ? 0 : SPARE_BYTES
    for (let step = 0; step < GIVE_BACK_STEPS; step++) {
      const { free } = journal.size()
      if (free <= spare) return
      journal.giveBack(Math.min(GIVE_BACK_BYTES, free - spare))
      // A journal made before pages could be given back keeps them for what comes next.
      if (journal.size().free === free) return
      await this.#pause()
    }
  }
}
