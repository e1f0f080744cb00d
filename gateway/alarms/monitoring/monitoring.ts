import type { SensorKind } from '#fhir/measurement.js'
import { sayWhy } from '#gateway/alarms/actions/alarm-actions.js'
import type { Recorder } from '#gateway/engine/recorder.js'
import type { AlarmActionStore } from '#gateway/journal/api/alarm-actions.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { Actor } from '#gateway/model/alert.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { LiveValue } from '#gateway/model/live.js'
import type { NotMonitored, PauseReason } from '#gateway/model/not-monitored.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** The longest time of each: who needs longer says it again. */
export const MAX_PAUSE_MS: Readonly<Record<PauseReason, number>> = {
  bath: 4 * 60 * MINUTE_MS,
  away: 31 * DAY_MS,
  hospital: 92 * DAY_MS,
  deceased: 92 * DAY_MS,
}

/** Signals have gone when none has come for so long: sensors are taken off one after another. */
const GONE_MS = MINUTE_MS
/** Whose signals do not go in this time is still connected, and is watched. */
const LEAVING_MS = 10 * MINUTE_MS
/** Signals have returned when they have come for so long, with no longer gap than this. */
const RETURNED_MS = 10_000
const GAP_MS = 15_000
/** A value of a device's memory says nothing of now. */
const FRESH_MS = 2 * MINUTE_MS

/** Sensors that give a number only of somebody who wears them, and those that measure once. */
const WORN: readonly SensorKind[] = ['pulse', 'spo2', 'ecg', 'airflow']
const ONCE: readonly SensorKind[] = ['bloodPressure', 'glucose']

export interface MonitoringDependencies {
  readonly pipeline: { setMonitored(monitored: boolean): PipelineStep }
  readonly journal: { readonly alarmActions: Pick<AlarmActionStore, 'lastPause'> }
  readonly recorder: Pick<Recorder, 'record' | 'note'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Holds that somebody is not monitored, and ends it by itself. */
export class Monitoring implements HealthCheck {
  readonly #dependencies: MonitoringDependencies
  #paused: NotMonitored | null
  /** Monotonic ms: since when it is paused, when a signal last came, and since when signals come again. */
  #began: number
  #heardAt: number
  #returning: number | null = null
  #gone: boolean

  /** Goes on as before a restart. Signals that come then have returned. */
  constructor(dependencies: MonitoringDependencies) {
    const { journal, clock, pipeline, recorder } = dependencies
    this.#dependencies = dependencies
    this.#paused = notMonitoredOf(journal.alarmActions, clock.now())
    this.#began = this.#heardAt = clock.monotonic()
    this.#gone = true
    if (this.#paused) recorder.note(pipeline.setMonitored(false))
  }

  /** Null: the patient is monitored. */
  get paused(): NotMonitored | null {
    return this.#paused
  }

  /** Nobody is to be watched for so long. @throws HomebeatError `alarm.too-long`, `alarm.why` */
  async pause(reason: PauseReason, forMs: number, actor: Actor): Promise<NotMonitored> {
    if (!(forMs > 0 && forMs <= MAX_PAUSE_MS[reason]))
      throw new HomebeatError(
        'alarm.too-long',
        `Give "${reason}" an end: more than nothing, and at most ${MAX_PAUSE_MS[reason] / (60 * MINUTE_MS)} hours.`,
      )
    sayWhy(actor, 'pauses monitoring')
    const { clock } = this.#dependencies
    const since = clock.now()
    const paused = { reason, actor, since, until: since + forMs }
    this.#began = this.#heardAt = clock.monotonic()
    this.#gone = false
    this.#returning = null
    await this.#set(paused, { action: 'pause', at: since, subjects: [reason], actor, until: paused.until })
    return paused
  }

  /** The patient is watched again. @returns whether it was paused */
  async resume(actor: Actor): Promise<boolean> {
    if (!this.#paused) return false
    await this.#set(null, { action: 'resume', at: this.#dependencies.clock.now(), subjects: [], actor })
    return true
  }

  /** Told of every step: signals that return end the pause. */
  see({ live }: PipelineStep): void {
    if (!this.#paused) return
    for (const event of live) if (event.type === 'value') this.#hear(event.value)
  }

  /** `not-monitored` while it is paused. */
  check(now: number): SystemCondition[] {
    if (this.#paused && now >= this.#paused.until) this.#end('its time is over')
    if (this.#dependencies.clock.monotonic() - this.#heardAt >= GONE_MS) this.#gone = true
    return [{ condition: 'not-monitored', priority: 'low', delayMs: 0, present: this.#paused !== null }]
  }

  #hear({ sensor, at, value, quality }: LiveValue): void {
    const { clock } = this.#dependencies
    const trusted = quality === 'good' || quality === 'questionable'
    if (value === null || at === null || !trusted || clock.now() - at > FRESH_MS) return
    if (ONCE.includes(sensor)) this.#end('somebody was measured')
    if (!WORN.includes(sensor)) return
    const now = clock.monotonic()
    const gap = now - this.#heardAt
    this.#heardAt = now
    if (!this.#gone) {
      if (now - this.#began >= LEAVING_MS) this.#end('signals have not stopped')
      return
    }
    if (this.#returning === null || gap > GAP_MS) this.#returning = now
    if (now - this.#returning >= RETURNED_MS) this.#end('signals have returned')
  }

  #end(note: string): void {
    if (!this.#paused) return
    const { clock, logger } = this.#dependencies
    const actor = { by: 'gateway', via: 'gateway', note } as const
    this.#set(null, { action: 'resume', at: clock.now(), subjects: [], actor }).catch((error) =>
      logger.error({ err: error }, 'it could not be stored that the person is watched again'),
    )
  }

  async #set(paused: NotMonitored | null, action: AlarmAction): Promise<void> {
    const { pipeline, recorder, logger } = this.#dependencies
    this.#paused = paused
    const { action: what, actor } = action
    logger.info({ action: what, via: actor.via, ...(paused && { reason: paused.reason }) }, 'monitoring')
    await recorder.record(pipeline.setMonitored(paused === null), () => action).durable
  }
}

/** Whether monitoring is paused, by the log alone. */
export function notMonitoredOf({ lastPause }: Pick<AlarmActionStore, 'lastPause'>, now: number): NotMonitored | null {
  const { action, at, subjects, actor, until = 0 } = lastPause() ?? {}
  if (action !== 'pause' || !actor || at === undefined || until <= now) return null
  return { reason: subjects?.[0] as PauseReason, actor, since: at, until }
}
