/**
 * A crossing that is repeated before it alarms. A pressure beyond the crisis limit is measured again after some minutes
 * (Whelton PK et al. 2017 ACC/AHA guideline for high blood pressure in adults, and the American Heart Association's
 * advice to patients: above 180/120, wait five minutes and measure again). A repeat that crosses too raises the alarm. A
 * normal repeat ends the matter. Without a repeat the alarm is raised as unconfirmed. Pure functions.
 */
import type { Priority } from '#gateway/model/alert.js'
import type { Cause, Sight } from './machine.js'

export interface ConfirmationRule {
  /** A person is asked to measure again after this. */
  readonly repeatAfterSeconds: number
  /** Without a repeat in this time the alarm comes as unconfirmed. */
  readonly withinSeconds: number
  /** A value beyond this alarms at once; in the limit's own unit. */
  readonly atOnceBeyond?: number
}

/** A reading sooner than this after the first is no repeat: the arm has not rested. */
export const SOONEST_REPEAT_MS = 60_000

/** A first crossing that waits for its repeat. */
export interface Waiting {
  /** Epoch ms: `measuredAt` by the device, `since` when it arrived here. */
  readonly measuredAt: number
  readonly since: number
  readonly cause?: Cause
}

/** What is to be made of a reading: of the limit itself, and of its unconfirmed companion. */
export interface Verdict {
  readonly waiting: Waiting | null
  readonly confirmed: Sight
  readonly unconfirmed: Sight
}

export interface Reading {
  readonly sight: Sight
  /** Beyond `atOnceBeyond`. */
  readonly extreme: boolean
  readonly measuredAt: number
  readonly cause: Cause
}

/**
 * A reading of a limit that asks for a repeat.
 * @param open which of the two is beyond `inactive`
 */
export function confirm(
  waiting: Waiting | null,
  open: 'none' | 'unconfirmed' | 'confirmed',
  { sight, extreme, measuredAt, cause }: Reading,
  now: number,
): Verdict {
  const decided = (seen: Sight): Verdict => ({ waiting: null, confirmed: seen, unconfirmed: seen })
  if (open !== 'none' || extreme) return decided(sight)
  if (!waiting) {
    if (sight !== 'crossed') return decided(sight)
    return { waiting: { measuredAt, since: now, cause }, confirmed: 'unknown', unconfirmed: 'unknown' }
  }
  if (measuredAt - waiting.measuredAt < SOONEST_REPEAT_MS) {
    return { waiting, confirmed: 'unknown', unconfirmed: 'unknown' }
  }
  return decided(sight)
}

/** Whether the time for a repeat is over. A clock set back does not lengthen it by more than itself. */
export function isOverdue(rule: ConfirmationRule, waiting: Waiting, now: number): boolean {
  return now - waiting.since >= rule.withinSeconds * 1000
}

export const unconfirmedName = (condition: string): string => `unconfirmed-${condition}`

/** An unconfirmed alarm never has the highest priority: nobody has measured twice. */
export const unconfirmedPriority = (priority: Priority): Priority => (priority === 'high' ? 'medium' : priority)
