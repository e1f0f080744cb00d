import type { Recorder } from '#gateway/engine/recorder.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { type Actor, type AlertTransition, begins, isUnattended } from '#gateway/model/alert.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import { outranksExercises, REHEARSAL, REHEARSAL_UNANSWERED, type RehearsalResult } from '#gateway/model/rehearsal.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'

export interface RehearsalDependencies {
  readonly journal: Pick<Journal, 'alerts' | 'alarmActions'>
  readonly recorder: Pick<Recorder, 'log'>
  /** Whether people are to be left alone now. @param now epoch ms */
  readonly isQuiet: (now: number) => boolean
  /** How long nobody may answer. */
  readonly answerMs: number
  readonly clock: Clock
  readonly logger: Logger
}

/** At a start: one that has waited for longer than so many acts begins at its next time. */
const ACTIONS_LOOKED_AT = 1000

/** begins: with the next tick. waits: for a high alarm, or quiet hours, to be over. unanswered: the one before is open. */
export type RehearsalStanding = 'begins' | 'waits' | 'unanswered'

/**
 * Tries the home's alarm: raises an exercise that goes the way of a high alarm, and that only a person's answer ends. The
 * alert log and the log of actions hold all of it, so that it goes on after a restart.
 */
export class Rehearsal implements HealthCheck {
  readonly #dependencies: RehearsalDependencies
  /** By condition, for an alert is renamed where the clock is set: what an exercise stands back for. */
  readonly #outranking = new Set<string>()
  /** Somebody, or the schedule, has asked for one that has not begun. */
  #due: boolean
  #isOpen = false
  /** It has begun, and nobody has answered: since when, in monotonic ms. */
  #unansweredSince: number | null = null

  constructor(dependencies: RehearsalDependencies) {
    const { journal, clock } = dependencies
    this.#dependencies = dependencies
    const active = journal.alerts.active()
    for (const alert of active) this.#note(alert)
    const open = active.find(({ condition }) => condition === REHEARSAL)
    if (open && isUnattended(open.state))
      this.#unansweredSince = clock.monotonic() - Math.max(0, clock.now() - open.raisedAt)
    const [latest] = rehearsalsOf(journal.alerts, 1)
    const asked = journal.alarmActions.latest(ACTIONS_LOOKED_AT).find(({ action }) => action === 'rehearse')
    this.#due = asked !== undefined && asked.subjects.length === 0 && asked.at > (latest?.begunAt ?? 0)
  }

  /** Asks for one. It is in the log before this resolves, also where the one before is still unanswered. */
  async ask(actor: Actor): Promise<RehearsalStanding> {
    const { recorder, clock, logger } = this.#dependencies
    const unanswered = this.#unansweredSince !== null
    await recorder.log({
      ...{ action: 'rehearse', at: clock.now(), subjects: unanswered ? [REHEARSAL] : [] },
      actor: unanswered ? { note: 'nobody has answered the one before', ...actor } : actor,
    })
    if (!unanswered) this.#due = true
    const standing = unanswered ? 'unanswered' : this.#mustWait() ? 'waits' : 'begins'
    logger.info({ via: actor.via, standing }, 'a rehearsal of the alarm is asked for')
    return standing
  }

  /** Told of every step: an answer ends it, and a high alarm goes before it. */
  see({ transitions }: Pick<PipelineStep, 'transitions'>): void {
    for (const alert of transitions) this.#note(alert)
  }

  check(): SystemCondition[] {
    const { clock, answerMs } = this.#dependencies
    if (this.#due && !this.#isOpen && !this.#mustWait()) {
      this.#due = false
      this.#unansweredSince ??= clock.monotonic()
    }
    const since = this.#unansweredSince
    const late = since !== null && clock.monotonic() - since >= answerMs
    return [
      { condition: REHEARSAL, priority: 'high', delayMs: 0, present: since !== null },
      { condition: REHEARSAL_UNANSWERED, priority: 'medium', delayMs: 0, present: late },
    ]
  }

  #mustWait(): boolean {
    return this.#outranking.size > 0 || this.#dependencies.isQuiet(this.#dependencies.clock.now())
  }

  #note(alert: AlertTransition): void {
    if (alert.condition === REHEARSAL) {
      this.#isOpen = alert.state !== 'cleared'
      if (!isUnattended(alert.state)) this.#unansweredSince = null
    }
    if (outranksExercises(alert)) this.#outranking.add(alert.condition)
    else this.#outranking.delete(alert.condition)
  }
}

/** The latest `limit`, newest first, by the alert log alone. */
export function rehearsalsOf(alerts: Pick<Journal['alerts'], 'ofCondition'>, limit: number): RehearsalResult[] {
  // It begins, is answered, and is over.
  const transitions = alerts.ofCondition(REHEARSAL, 3 * limit)
  return transitions.filter(begins).map(({ alertId, raisedAt }) => {
    const answer = transitions.find((one) => one.alertId === alertId && one.state === 'acknowledged')
    const { by, via } = answer?.actor ?? {}
    const answered = answer && by !== undefined && via !== undefined ? { by, via, at: answer.at } : null
    return { alertId, begunAt: raisedAt, answered }
  })
}
