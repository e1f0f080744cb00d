/**
 * Keeps the gateway's time: decides whether the machine's clock can be believed, notices when it is set, and sees to it
 * that what was stored before is then put right. See README.md for what happens when.
 */

import type { ZoneOffset } from '#gateway/intake/decode/device-time.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { OpenDispatch } from '#gateway/model/notification.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Logger } from '#gateway/platform/logger.js'
import { restamped } from '#gateway/time/restamp.js'
import { Stamper, type Stretch } from '#gateway/time/stamper.js'
import type { SteadyClock } from './steady-clock.js'
import { type ClockGrounds, judgeWallClock, type WallClockFacts } from './wall-clock.js'

/** More than this at once is a clock that was set; NTP itself slews what is less than 0.4 s (systemd) or 0.128 s (ntpd). */
const STEP_MS = 2000
/** A smaller deviation, also of a repeated leap second, is followed as slowly as a kernel slews: 500 ppm. */
const SLEW = 0.0005
/** Two clocks read one after the other, in whole milliseconds, differ by less than this. */
const READING_MS = 2
/** A boot is often faster than the network: a clock that is set within this is not worth an alert. */
const ALERT_DELAY_MS = 120_000
const LONG_MS = 24 * 3_600_000

export interface ClockStatus {
  readonly trusted: boolean
  readonly grounds: ClockGrounds
  /** Epoch ms since when this holds. */
  readonly since: number
  /** The last time the clock was set while the gateway ran. */
  readonly lastStep: { readonly at: number; readonly byMs: number } | null
  /** Measurements that wait for the clock before a batch may have them. */
  readonly held: number
}

export interface TimekeeperOptions extends Omit<WallClockFacts, 'newest'> {
  readonly clock: SteadyClock
  readonly journal: Pick<Journal, 'clock' | 'alerts' | 'notifications'>
  readonly zone: ZoneOffset
  /** What was stored waits for the clock at most this long, milliseconds; then it goes on as it is, with its remark. */
  readonly holdMs: number
  readonly logger: Logger
}

export class Timekeeper implements HealthCheck {
  readonly #options: TimekeeperOptions
  readonly #stamper: Stamper
  readonly #startedAt: number
  #newest: number | null
  #trusted: boolean
  #grounds: ClockGrounds
  #since: number
  #lastStep: ClockStatus['lastStep'] = null
  #lookedAt: number
  #released = false
  #refused = false

  /** Begins a run: writes to the journal, which is open. Ask the time service before. @throws HomebeatError `journal.*` */
  constructor(options: TimekeeperOptions) {
    const { clock, journal, logger } = options
    this.#options = options
    this.#newest = journal.clock.newestTrusted()
    this.#startedAt = this.#lookedAt = clock.monotonic()
    this.#since = clock.now()
    const { trusted, grounds } = judgeWallClock(clock.now(), { ...options, newest: this.#newest })
    this.#trusted = trusted
    this.#grounds = grounds
    const begun = journal.clock.begin({ ...this.#point(), trusted, run: 'new' })
    this.#stamper = new Stamper(() => clock.shiftMs, stretchOf(begun), journal.alerts.active())
    if (!trusted) logger.warn({ grounds }, 'the clock of this machine is not set yet; readings are kept with a remark')
  }

  /** The active alerts as the pipeline may count on them: in run time, so never in its future. */
  activeAlerts(): AlertTransition[] {
    const now = this.#options.clock.run.now()
    return this.#options.journal.alerts.active().map((one) => ({ ...one, raisedAt: Math.min(one.raisedAt, now) }))
  }

  /** Who was told of them, in the same time. */
  openDispatch(): OpenDispatch {
    const now = this.#options.clock.run.now()
    const { open, digest } = this.#options.journal.notifications.openDispatch()
    return {
      open: open.map((one) => ({
        ...one,
        alert: { ...one.alert, raisedAt: Math.min(one.alert.raisedAt, now) },
        notifications: one.notifications.map((said) => ({ ...said, at: Math.min(said.at, now) })),
      })),
      digest,
    }
  }

  /** The name that the pipeline has for an alert of the journal. */
  runAlertId(alertId: string): string {
    return this.#stamper.runAlertId(alertId)
  }

  /** Puts a step from run time into the time that is stored. */
  stamp(step: PipelineStep): PipelineStep & { readonly provisional?: boolean } {
    const stamped = this.#stamper.stamp(step)
    return this.#trusted ? stamped : { ...stamped, provisional: true }
  }

  /** Once a second, before the tick. */
  check(): readonly SystemCondition[] {
    this.attend()
    const untrustedMs = this.#trusted ? 0 : this.#options.clock.monotonic() - this.#startedAt
    return [
      {
        condition: 'clock-unsynchronised',
        priority: 'low',
        delayMs: ALERT_DELAY_MS,
        present: !this.#trusted && untrustedMs < LONG_MS,
      },
      { condition: 'clock-unsynchronised-for-a-day', priority: 'medium', delayMs: 0, present: untrustedMs >= LONG_MS },
    ]
  }

  status(): ClockStatus {
    return {
      trusted: this.#trusted,
      grounds: this.#grounds,
      since: this.#since,
      lastStep: this.#lastStep,
      held: this.#options.journal.clock.held(),
    }
  }

  /** Call before each frame. Does nothing but compare two clocks, unless one of them was set. Never throws. */
  attend(): void {
    const { clock } = this.#options
    const monotonic = clock.monotonic()
    const elapsed = monotonic - this.#lookedAt
    this.#lookedAt = monotonic
    try {
      if (!this.#trusted) this.#await()
      else {
        const byMs = clock.deviation()
        if (Math.abs(byMs) > STEP_MS) this.#step(byMs)
        else if (Math.abs(byMs) >= READING_MS) clock.move(Math.sign(byMs) * Math.min(Math.abs(byMs), elapsed * SLEW))
      }
      this.#refused = false
    } catch (error) {
      // Until the disk takes it, nothing has changed.
      if (!this.#refused) this.#options.logger.error({ err: error }, 'the disk refuses what the clock has to say')
      this.#refused = true
    }
  }

  #await(): void {
    const { clock, journal, holdMs, logger } = this.#options
    const measured = Math.round(clock.deviation())
    const byMs = Math.abs(measured) < READING_MS ? 0 : measured
    const { trusted, grounds } = judgeWallClock(clock.now() + byMs, { ...this.#options, newest: this.#newest })
    if (!trusted) {
      this.#grounds = grounds
      if (this.#released || clock.monotonic() - this.#startedAt < holdMs) return
      this.#released = true
      journal.clock.release()
      logger.warn({ grounds }, 'the clock was not set in time; readings go on with a remark. Is the network there?')
      return
    }
    const { zone } = this.#options
    const begun = journal.clock.begin(
      { ...this.#point(byMs), trusted, run: 'same' },
      { byMs, measurement: (one, to) => restamped(one, { byMs, stretch: stretchOf(to), zone }) },
    )
    clock.move(byMs)
    this.#stamper.trust(stretchOf(begun), byMs)
    this.#trusted = true
    this.#grounds = grounds
    this.#since = clock.now()
    if (Math.abs(byMs) > STEP_MS) this.#lastStep = { at: clock.now(), byMs }
    logger.info(
      { grounds, byMs },
      'the clock can be believed now; what was read before has been put right by as much as it was wrong',
    )
  }

  #step(deviation: number): void {
    const { clock, journal, logger } = this.#options
    const byMs = Math.round(deviation)
    const begun = journal.clock.begin({ ...this.#point(byMs), trusted: true, run: 'same' })
    const runAt = clock.run.now()
    clock.move(byMs)
    this.#stamper.step(stretchOf(begun), runAt)
    this.#lastStep = { at: clock.now(), byMs }
    logger.warn({ byMs }, 'the clock of this machine was set')
  }

  #point(byMs = 0): { monotonicMs: number; wallMs: number } {
    const { clock } = this.#options
    return { monotonicMs: Math.round(clock.monotonic()), wallMs: clock.now() + byMs }
  }
}

const stretchOf = ({ id, trusted, newestMs }: { id: number; trusted: boolean; newestMs: number }): Stretch => ({
  id,
  trusted,
  newest: newestMs,
})
