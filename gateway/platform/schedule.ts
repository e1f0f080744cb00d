/** Cron schedules in local wall time with a lifecycle: they close batches and ask the kit. */
import { createTask, parse } from 'node-cron'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from './clock.js'
import type { Logger } from './logger.js'

export interface Job {
  readonly name: string
  /** Five or six fields; checked when the configuration is loaded. */
  readonly cron: string
  readonly action: () => Promise<void>
}

const LOOK_MS = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** A time that a step or a change of daylight saving jumped over is made up for if it is no older than this. */
const LATE_MS = 3 * HOUR_MS
/** A job whose time came so long ago and that has not been done since is overdue. */
const OVERDUE_MS = 15 * MINUTE_MS
/** No cron expression but one of a leap day has longer intervals. */
const YEAR_MS = 366 * 24 * HOUR_MS
/** A time is not due where less than this part of the job's interval has run since it was last due. */
const LEAST_PART = 0.75

/**
 * Runs jobs by the local wall clock, whatever the clock does. The wall clock says when a job is due. Run time says that it
 * is not due again: a time that comes twice, because the clock was set back or daylight saving ended, counts once. By
 * this a job is due after at least three quarters of its interval, and after at most one and three quarters, in run time.
 */
export class Schedule implements Lifecycle, HealthCheck {
  readonly #jobs: readonly ScheduledJob[]
  readonly #clock: Clock
  #cancel: (() => void) | null = null

  constructor(jobs: readonly Job[], { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#jobs = jobs.map((job) => new ScheduledJob(job, clock, logger))
    this.#clock = clock
  }

  async start(): Promise<void> {
    if (this.#cancel) return
    for (const job of this.#jobs) job.begin(localTime(this.#clock.now()))
    this.#next()
  }

  async stop(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
  }

  check(): readonly SystemCondition[] {
    return this.#jobs.map((job) => ({
      condition: `job-overdue-${job.slug}`,
      priority: 'medium',
      delayMs: 0,
      present: job.isOverdue(),
    }))
  }

  #next(): void {
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      this.#next()
      const local = localTime(this.#clock.now())
      for (const job of this.#jobs) job.look(local)
    })
  }
}

class ScheduledJob {
  readonly slug: string
  readonly #job: Job
  readonly #times: CronTimes
  readonly #clock: Clock
  readonly #logger: Logger
  /** Local time of the last look. */
  #seen = 0
  /** Run time at which the job was last due. */
  #dueAt = Number.NEGATIVE_INFINITY
  /** Run time of the first due time since which the job has not been done; null where it owes nothing. */
  #owedSince: number | null = null
  #running = false
  #failing = false

  constructor(job: Job, clock: Clock, logger: Logger) {
    this.#job = job
    this.slug = job.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')
    this.#times = new CronTimes(job.cron)
    this.#clock = clock
    this.#logger = logger
  }

  begin(local: number): void {
    this.#seen = local
  }

  /** @param local local time, ms */
  look(local: number): void {
    // After a step back only the second of this look is new.
    const from = local > this.#seen ? Math.max(this.#seen, local - LATE_MS) : local - LOOK_MS
    this.#seen = local
    const time = this.#times.latest(from, local)
    if (time === null) return
    const now = this.#clock.monotonic()
    const elapsed = (now - this.#dueAt) / LEAST_PART
    // The job's interval up to this time is longer than that: the same time came again, or its next one too soon.
    if (elapsed < YEAR_MS && this.#times.latest(time - elapsed - LOOK_MS, time - 1) === null) return
    this.#dueAt = now
    this.#owedSince ??= now
    void this.#run()
  }

  isOverdue(): boolean {
    return this.#owedSince !== null && this.#clock.monotonic() - this.#owedSince > OVERDUE_MS
  }

  async #run(): Promise<void> {
    // A cuff that answers slowly is not asked twice at once.
    if (this.#running) return
    this.#running = true
    try {
      await this.#job.action()
      this.#owedSince = null
      if (this.#failing) this.#logger.info({ job: this.#job.name }, 'scheduled action is done again')
      this.#failing = false
    } catch (error) {
      // Its first failure and its end are news.
      const fields = { job: this.#job.name, err: error }
      const said = 'scheduled action failed; it is tried again at its next time'
      if (this.#failing) this.#logger.debug(fields, said)
      else this.#logger.warn(fields, said)
      this.#failing = true
    } finally {
      this.#running = false
    }
  }
}

/** The times of a cron expression in local time: node-cron judges them as times of UTC, which knows no daylight saving. */
class CronTimes {
  readonly #matches: (time: Date) => boolean
  readonly #hours: ReadonlySet<number>
  readonly #minutes: ReadonlySet<number>
  readonly #secondsDown: readonly number[]

  constructor(cron: string) {
    const task = createTask(cron, () => {}, { timezone: 'UTC' })
    this.#matches = (time) => task.match(time)
    const { hour, minute, second } = parse(cron)
    this.#hours = new Set(hour)
    this.#minutes = new Set(minute)
    this.#secondsDown = [...second].sort((a, b) => b - a)
  }

  /** @returns the newest time after `from` and not after `to`, or null */
  latest(from: number, to: number): number | null {
    for (let minute = floor(to, MINUTE_MS); minute > from - MINUTE_MS; minute -= MINUTE_MS) {
      const start = new Date(minute)
      if (!this.#hours.has(start.getUTCHours())) minute = floor(minute, HOUR_MS)
      else if (this.#minutes.has(start.getUTCMinutes()))
        for (const second of this.#secondsDown) {
          const time = minute + second * 1000
          if (time > from && time <= to && this.#matches(new Date(time))) return time
        }
    }
    return null
  }
}

/** What a clock on the wall shows, as the milliseconds at which UTC shows the same. */
function localTime(now: number): number {
  return now - new Date(now).getTimezoneOffset() * MINUTE_MS
}

function floor(ms: number, unit: number): number {
  return Math.floor(ms / unit) * unit
}
