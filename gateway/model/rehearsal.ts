import { type Actor, type AlertTransition, isUnattended, type Priority } from './alert.js'

/** The condition of an exercise: it goes the way of an alarm of high priority, and nothing has happened. */
export const REHEARSAL = 'rehearsal'
/** The condition of an exercise that nobody has answered. */
export const REHEARSAL_UNANSWERED = 'rehearsal-unanswered'

export const isExercise = (condition: string): boolean => condition === REHEARSAL || condition === REHEARSAL_UNANSWERED

/** Among alarms that are shown an exercise comes after every true one of high or medium priority. */
export const shownPriority = ({ condition, priority }: { condition: string; priority: Priority }): Priority =>
  condition === REHEARSAL ? 'low' : priority

/**
 * Whether an exercise stands back for this alert. A technical one that somebody has acknowledged may last for weeks, and
 * does not count.
 */
export const outranksExercises = ({ condition, kind, priority, state }: AlertTransition): boolean =>
  priority === 'high' &&
  !isExercise(condition) &&
  state !== 'cleared' &&
  (kind === 'physiological' || isUnattended(state))

/** What became of one exercise. */
export interface RehearsalResult {
  readonly alertId: string
  /** Epoch ms. */
  readonly begunAt: number
  /** Who answered, which way, and when (epoch ms); null: nobody has. */
  readonly answered: (Pick<Actor, 'by' | 'via'> & { readonly at: number }) | null
}
