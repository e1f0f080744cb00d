/** What a receiver knows of a home, and which conditions follow. Pure. */
import { z } from 'zod'
import { checkInSchema } from '#gateway/liveness/check-in.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { ClinicConfig } from './config.js'

/**
 * Silence is counted in `listened` time: milliseconds for which this receiver has listened, over all its runs. Time in which
 * it could not hear counts as nobody's silence. A silence that began before it stopped goes on.
 */
export const recordSchema = z.object({
  id: z.string(),
  keyId: z.string(),
  /** Listened time at which the home was first to be watched. */
  knownListened: z.number(),
  /** Of the last check-in taken; 0: none with this secret. */
  sequence: z.number().int(),
  heard: z
    .object({
      /** Arrival, epoch ms. */
      at: z.number(),
      listened: z.number(),
      /** The stretch of uninterrupted listening in which it came. */
      stretch: z.number(),
      /** The check-in itself, under the name that stored records have. */
      beat: checkInSchema,
    })
    .nullable(),
  missing: z.boolean(),
  /** Epoch ms of a genuine check-in that was refused for its time, since the last one that was taken. */
  clockRefusedAt: z.number().nullable(),
})
export type HomeRecord = z.output<typeof recordSchema>

export interface Listening {
  readonly listened: number
  readonly stretch: number
}

/** Two check-ins were due, and the second is half an interval late. */
const LATE_BEATS = 2.5
/** Beyond this, the times of a home's readings and alarms are in doubt. */
const CLOCK_OFF_MS = 60_000

export type HomeState = 'awaited' | 'present' | 'late' | 'missing'

export const silenceOf = ({ heard, knownListened }: HomeRecord, { listened }: Listening): number =>
  Math.max(0, listened - (heard?.listened ?? knownListened))

export function stateOf(record: HomeRecord, listening: Listening): HomeState {
  if (record.missing) return 'missing'
  if (!record.heard) return 'awaited'
  return silenceOf(record, listening) > lateAfterMs(record.heard.beat.everySeconds) ? 'late' : 'present'
}

/**
 * Whether the silence is long enough for the alarm; once it was, only a check-in ends it (`missing`). A receiver that has not
 * listened all the time since the last check-in gives the home time for two more.
 */
export function isMissing(record: HomeRecord, listening: Listening, missingAfterMs: number): boolean {
  if (!record.heard) return false
  const late = lateAfterMs(record.heard.beat.everySeconds)
  const again = record.heard.stretch === listening.stretch ? 0 : late
  return silenceOf(record, listening) >= Math.max(missingAfterMs, late) + again
}

export interface HomeRules {
  readonly unhealthyMs: number
  readonly clockOffMs: number
  readonly firstBeatMs: number
}

const MINUTE_MS = 60_000

export const rulesOf = ({
  unhealthyMinutes,
  clockOffMinutes,
  firstCheckInHours,
}: Pick<ClinicConfig, 'unhealthyMinutes' | 'clockOffMinutes' | 'firstCheckInHours'>): HomeRules => ({
  unhealthyMs: unhealthyMinutes * MINUTE_MS,
  clockOffMs: clockOffMinutes * MINUTE_MS,
  firstBeatMs: firstCheckInHours * 60 * MINUTE_MS,
})

/** All conditions of a home, also those that are not present. */
export function conditionsOf(record: HomeRecord, listening: Listening, rules: HomeRules): SystemCondition[] {
  const { id, heard, missing } = record
  const stopped = heard?.beat.state === 'stopping'
  const condition = (
    what: string,
    priority: SystemCondition['priority'],
    present: boolean,
    delayMs = 0,
  ): SystemCondition => ({ condition: `home-${what}-${id}`, priority, delayMs, present })
  return [
    condition('silent', 'high', missing && !stopped),
    condition('stopped', 'high', missing && stopped),
    condition('unhealthy', 'medium', heard !== null && !heard.beat.healthy && !stopped, rules.unhealthyMs),
    condition('clock-off', 'medium', isClockOff(record), rules.clockOffMs),
    condition('never-heard', 'medium', !heard && silenceOf(record, listening) >= rules.firstBeatMs),
  ]
}

/** Positive: the gateway's clock is ahead; milliseconds, with the time that the check-in was under way. */
export const skewOf = ({ heard }: HomeRecord): number => (heard ? Date.parse(heard.beat.sentAt) - heard.at : 0)

export function isClockOff(record: HomeRecord): boolean {
  const { heard, clockRefusedAt } = record
  return clockRefusedAt !== null || heard?.beat.clockTrusted === false || Math.abs(skewOf(record)) > CLOCK_OFF_MS
}

/** The home that a condition is about; null: it is about the receiver itself. */
export function homeOf(condition: string): string | null {
  return /^home-(?:silent|stopped|unhealthy|clock-off|never-heard)-(.+)$/.exec(condition)?.[1] ?? null
}

const lateAfterMs = (everySeconds: number): number => LATE_BEATS * everySeconds * 1000
