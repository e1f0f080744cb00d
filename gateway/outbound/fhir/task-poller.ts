import { identifierToken } from '#fhir/bundle.js'
import { taskIdentifier } from '#fhir/systems.js'
import { asksForTask } from '#fhir/task.js'
import type { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { type Actor, type AlertTransition, isUnattended } from '#gateway/model/alert.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import { retryDelay } from '#gateway/outbound/lanes/retry.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { FhirClient, Refusal } from './fhir-client.js'
import { type FoundTask, tasksIn } from './fhir-task.js'

export interface TaskPollerOptions {
  readonly target: Pick<TargetConfig, 'name' | 'pollSeconds'>
  readonly client: FhirClient
  /** Pseudonym. */
  readonly home: string
  readonly journal: Pick<Journal, 'alerts' | 'alarmActions'>
  readonly actions: Pick<AlarmActions, 'acknowledge' | 'escalate'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Tasks asked for in one search: their identifiers must fit into a URL. */
const TASKS_PER_SEARCH = 20
/** Longest page of an answer to one search, bytes. */
const MAX_ANSWER = 1024 * 1024
/** Longest delay after failures: an acknowledgement that was made on the server must not wait longer. */
const MAX_RETRY_MS = 120_000
/** Most actions searched for an escalation of before a restart. */
const ACTIONS_LOOKED_AT = 1000

/**
 * Polls one FHIR server for the Tasks of open alerts, and acts at home on what was decided there. A Task that is
 * accepted, begun or completed acknowledges the alert; one that is rejected or failed tells the next in the chain.
 * A Task is compared with what the home knows already. So the home's own updates, restarts and repeats cause nothing.
 */
export class TaskPoller implements Lifecycle {
  readonly #options: TaskPollerOptions
  /** The version of each Task that was acted on, by alert. */
  readonly #seen = new Map<string, string>()
  #abort: AbortController | null = null
  #loop: Promise<void> = Promise.resolve()
  #failures = 0

  constructor(options: TaskPollerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    if (this.#abort) return
    this.#abort = new AbortController()
    this.#loop = this.#run(this.#abort.signal)
  }

  async stop(): Promise<void> {
    this.#abort?.abort()
    this.#abort = null
    await this.#loop
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, target } = this.#options
    while (!signal.aborted) {
      const refusal = await this.#look(signal)
      if (signal.aborted) return
      this.#record(refusal)
      await wait(clock, this.#delay(target.pollSeconds * 1000, refusal), signal)
    }
  }

  #delay(pollMs: number, refusal: Refusal | null): number {
    if (!refusal) return pollMs
    const asked = refusal.class === 'transient' ? refusal.retryAfterMs : undefined
    const policy = { firstMs: pollMs * 2, maxMs: MAX_RETRY_MS, maxRetryAfterMs: MAX_RETRY_MS }
    return Math.max(pollMs, retryDelay(this.#failures, Math.random(), asked, policy))
  }

  /** @returns why the server could not be asked or the home could not act; null when all is done */
  async #look(signal: AbortSignal): Promise<Refusal | null> {
    const { client, home, journal, logger, target } = this.#options
    try {
      const open = new Map(
        journal.alerts.active().flatMap((alert) => (asksForTask(alert) ? [[alert.alertId, alert]] : [])),
      )
      for (const alertId of this.#seen.keys()) if (!open.has(alertId)) this.#seen.delete(alertId)
      const alertIds = [...open.keys()]
      for (let start = 0; start < alertIds.length; start += TASKS_PER_SEARCH) {
        const page = alertIds.slice(start, start + TASKS_PER_SEARCH)
        const tokens = page.map((alertId) => identifierToken(taskIdentifier(home, alertId))).join(',')
        const query = `Task?identifier=${tokens}&_count=${TASKS_PER_SEARCH}`
        const { found, refusal } = await client.search(query, signal, MAX_ANSWER)
        // What is on the pages that could be read counts, whatever became of the others.
        for (const task of tasksIn(found, home)) {
          const alert = open.get(task.alertId)
          if (alert) await this.#see(task, alert)
        }
        if (refusal) return refusal.outcome
      }
      return null
    } catch (error) {
      logger.error({ target: target.name, err: error }, 'what a Task says could not be done; it is tried again')
      return { class: 'transient', reason: 'the home could not act' }
    }
  }

  async #see(task: FoundTask, alert: AlertTransition): Promise<void> {
    if (task.versionId !== undefined && this.#seen.get(task.alertId) === task.versionId) return
    try {
      await this.#act(task, alert)
    } catch (error) {
      // The alert cleared while the server was asked.
      if (!(error instanceof HomebeatError && error.code === 'alarm.unknown')) throw error
    }
    if (task.versionId !== undefined) this.#seen.set(task.alertId, task.versionId)
  }

  async #act({ status, owner, note, alertId }: FoundTask, alert: AlertTransition): Promise<void> {
    const { actions, target } = this.#options
    const actor: Actor = { by: owner ?? 'fhir', via: 'fhir-task' }
    switch (status) {
      case 'accepted':
      case 'in-progress':
      case 'completed': {
        if (!isUnattended(alert.state)) return
        const said = note ?? (status === 'completed' ? `Task completed on ${target.name}` : undefined)
        await actions.acknowledge([alertId], { ...actor, ...(said !== undefined && { note: said }) })
        return
      }
      case 'rejected':
      case 'failed': {
        const said = `Task ${status} on ${target.name}`
        if (!this.#isEscalated(alertId, said)) await actions.escalate(alertId, { ...actor, note: said })
      }
    }
  }

  /** Also before a restart: a second escalation would tell yet another person. */
  #isEscalated(alertId: string, note: string): boolean {
    return this.#options.journal.alarmActions
      .latest(ACTIONS_LOOKED_AT)
      .some(
        ({ action, subjects, actor }) =>
          action === 'escalate' && actor.via === 'fhir-task' && actor.note === note && subjects.includes(alertId),
      )
  }

  /** The first failure and the recovery are logged for the owner, the failures between only at debug. */
  #record(refusal: Refusal | null): void {
    const { logger, target } = this.#options
    const fields = { target: target.name, ...(refusal && { reason: refusal.reason }) }
    if (!refusal && this.#failures > 0) logger.info(fields, 'the FHIR server says again what became of Tasks')
    if (refusal && this.#failures === 0) logger.warn(fields, 'a FHIR server could not be asked what became of Tasks')
    else if (refusal) logger.debug(fields, 'a FHIR server could still not be asked what became of Tasks')
    this.#failures = refusal ? this.#failures + 1 : 0
  }
}
