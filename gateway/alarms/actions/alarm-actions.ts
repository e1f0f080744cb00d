import { type Inhibition, isNeverInhibited, MAX_INHIBITION_MS } from '#gateway/clinical/evaluate/inhibition.js'
import type { Recorder } from '#gateway/engine/recorder.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import { type Actor, type AlertTransition, isUnattended } from '#gateway/model/alert.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'

/** The longest silence: it must not outlast the person who asked for it. */
export const MAX_SILENCE_MS = 60 * 60_000

/** What people change in a pipeline. */
export interface AlarmPipeline {
  acknowledge(alertIds: readonly string[], actor: Actor, now: number): PipelineStep
  silence(alertIds: readonly string[], until: number, now: number): PipelineStep
  escalate(alertId: string, now: number): PipelineStep
  setInhibitions(inhibitions: readonly Inhibition[]): void
}

export interface AlarmActionsDependencies {
  readonly pipeline: AlarmPipeline
  readonly journal: Pick<Journal, 'alerts' | 'alarmActions'>
  readonly recorder: Pick<Recorder, 'record' | 'log'>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * People act on alarms here, whichever way they come: console, button, MQTT, link, FHIR Task, command line. Every act is
 * in the log, with who and how, before it is answered.
 */
export class AlarmActions {
  readonly #dependencies: AlarmActionsDependencies
  #inhibitions: Inhibition[]

  constructor(dependencies: AlarmActionsDependencies) {
    this.#dependencies = dependencies
    this.#inhibitions = inhibitionsOf(
      dependencies.journal.alarmActions.latest(INHIBITIONS_LOOKED_AT),
      dependencies.clock.now(),
    )
    dependencies.pipeline.setInhibitions(this.#inhibitions)
  }

  /** Alerts that are not over, as last committed. */
  open(): AlertTransition[] {
    return this.#dependencies.journal.alerts.active()
  }

  inhibitions(): readonly Inhibition[] {
    const now = this.#dependencies.clock.now()
    return this.#inhibitions.filter(({ until }) => now < until)
  }

  /**
   * Acknowledges what is active now; what is raised later is told. That somebody else was quicker is no error.
   * @returns the ids acknowledged by this act.
   * @throws HomebeatError `alarm.unknown` where an id is of no open alert.
   */
  async acknowledge(alertIds: readonly string[] | 'all', actor: Actor): Promise<string[]> {
    const ids = this.#idsOf(alertIds)
    const now = this.#dependencies.clock.now()
    const step = this.#dependencies.pipeline.acknowledge(ids, actor, now)
    return this.#record(step, { action: 'acknowledge', at: now, actor }, ({ transitions }) => [
      ...new Set(transitions.map(({ alertId }) => alertId)),
    ])
  }

  /** No sound and no reminders for a while; escalation goes on. @throws HomebeatError `alarm.unknown`, `alarm.too-long` */
  async silence(alertIds: readonly string[] | 'all', forMs: number, actor: Actor): Promise<string[]> {
    if (!(forMs > 0 && forMs <= MAX_SILENCE_MS)) throw tooLong('silence', MAX_SILENCE_MS)
    const unattended = new Set(this.open().flatMap(({ alertId, state }) => (isUnattended(state) ? [alertId] : [])))
    const ids = this.#idsOf(alertIds).filter((id) => unattended.has(id))
    const now = this.#dependencies.clock.now()
    const step = this.#dependencies.pipeline.silence(ids, now + forMs, now)
    return this.#record(step, { action: 'silence', at: now, actor, until: now + forMs }, () => ids)
  }

  /** The next in the chain are told now. @throws HomebeatError `alarm.unknown` */
  async escalate(alertId: string, actor: Actor): Promise<void> {
    this.#idsOf([alertId])
    const now = this.#dependencies.clock.now()
    const step = this.#dependencies.pipeline.escalate(alertId, now)
    await this.#record(step, { action: 'escalate', at: now, actor }, () => [alertId])
  }

  /**
   * No physiological alarm of this scope is raised for a while, but those of `isNeverInhibited`. Who asks for it says why.
   * @throws HomebeatError `alarm.too-long`, `alarm.why`, `alarm.never-inhibited`
   */
  async inhibit(scope: Inhibition['scope'], forMs: number, actor: Actor): Promise<Inhibition> {
    if (!(forMs > 0 && forMs <= MAX_INHIBITION_MS)) throw tooLong('inhibition', MAX_INHIBITION_MS)
    sayWhy(actor, 'inhibits alarms')
    if (typeof scope === 'object' && 'condition' in scope && isNeverInhibited(scope.condition))
      throw new HomebeatError(
        'alarm.never-inhibited',
        `Nobody can inhibit ${scope.condition}: a person may die of it within minutes. Silence it, or acknowledge it.`,
      )
    const now = this.#dependencies.clock.now()
    const inhibition = { scope, until: now + forMs }
    this.#inhibitions = [...this.inhibitions(), inhibition]
    this.#dependencies.pipeline.setInhibitions(this.#inhibitions)
    await this.#log({ action: 'inhibit', at: now, subjects: [JSON.stringify(scope)], actor, until: now + forMs })
    return inhibition
  }

  /** All inhibitions end now. */
  async release(actor: Actor): Promise<void> {
    if (this.inhibitions().length === 0) return
    this.#inhibitions = []
    this.#dependencies.pipeline.setInhibitions([])
    await this.#log({ action: 'release', at: this.#dependencies.clock.now(), subjects: [], actor })
  }

  #idsOf(alertIds: readonly string[] | 'all'): string[] {
    const open = new Set(this.open().map(({ alertId }) => alertId))
    if (alertIds === 'all') return [...open]
    const unknown = alertIds.find((id) => !open.has(id))
    if (unknown !== undefined)
      throw new HomebeatError('alarm.unknown', `No open alert has the id ${unknown}: it may be over by now.`)
    return [...alertIds]
  }

  /** @param subjectsOf the alerts that the act came to, under the names that are stored. @returns them */
  async #record(
    step: PipelineStep,
    act: Omit<AlarmAction, 'subjects'>,
    subjectsOf: (step: PipelineStep) => string[],
  ): Promise<string[]> {
    let subjects: string[] = []
    const { durable } = this.#dependencies.recorder.record(step, (stamped) => {
      subjects = subjectsOf(stamped)
      return subjects.length === 0 ? null : this.#said({ ...act, subjects })
    })
    await durable
    return subjects
  }

  #log(action: AlarmAction): Promise<void> {
    return this.#dependencies.recorder.log(this.#said(action))
  }

  #said(action: AlarmAction): AlarmAction {
    // The journal has who: what somebody typed may be a name.
    const { action: what, subjects, actor } = action
    this.#dependencies.logger.info({ action: what, subjects, via: actor.via }, 'somebody has acted on alarms')
    return action
  }
}

/** An inhibition lasts an hour at most, so one that still holds is among the latest actions. */
const INHIBITIONS_LOOKED_AT = 1000

/** The inhibitions that hold now. @param actions latest first */
export function inhibitionsOf(actions: readonly AlarmAction[], now: number): Inhibition[] {
  const released = actions.findIndex(({ action }) => action === 'release')
  const since = released < 0 ? actions : actions.slice(0, released)
  return since.flatMap(({ action, subjects, until = 0 }) =>
    action === 'inhibit' && until > now
      ? [{ scope: JSON.parse(subjects[0] ?? '"all"') as Inhibition['scope'], until }]
      : [],
  )
}

/** @throws HomebeatError `alarm.why` where somebody does not say it */
export function sayWhy({ note }: Actor, does: string): void {
  if (note === undefined)
    throw new HomebeatError('alarm.why', `Whoever ${does} says why: add --note "…"; it is kept in the log.`)
}

function tooLong(what: string, maxMs: number): HomebeatError {
  return new HomebeatError(
    'alarm.too-long',
    `Give the ${what} a duration above 0 and of at most ${maxMs / 60_000} minutes.`,
  )
}
