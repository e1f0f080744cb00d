/** What a clear target gets about alerts: DetectedIssue, Task, CommunicationRequest, Communication and Flag. */
import type { Communication, CommunicationRequest, Task } from '@medplum/fhirtypes'
import type { AlertContext, Episode } from '#fhir/alert-event.js'
import {
  communicationNotDone,
  communicationOf,
  communicationRequestOf,
  type Message,
  requestAfter,
} from '#fhir/communication.js'
import { detectedIssueOf, issueAfter } from '#fhir/detected-issue.js'
import { flagAfter, flagOf } from '#fhir/flag.js'
import { IDENTIFIERS } from '#fhir/systems.js'
import { asksForTask, exerciseOf, taskAfter, taskOf } from '#fhir/task.js'
import type { AlertDelivery } from '#gateway/journal/api/alerts.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { Lane } from '#gateway/model/lane.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import { conditionWords } from '#gateway/wording/explanations.js'
import type { FhirRefusal, Refusal } from './fhir-client.js'
import type { FhirServer } from './fhir-server.js'
import { tasksIn } from './fhir-task.js'

export interface FhirAlertsOptions {
  readonly target: TargetConfig
  readonly server: FhirServer
  readonly journal: Pick<Journal, 'alerts' | 'notifications' | 'outbox'>
  /** Pseudonyms. */
  readonly home: string
  readonly patient: string
}

type Delivery = Awaited<ReturnType<Deliverer['deliver']>>

/** Attempts after which an alert on which a server fails may not hold up the others any longer. */
const ALERT_TRIES = 9
/** Alerts that may be refused for good in a row. */
const ALERTS_REFUSED = 3

/**
 * Each push shows the alert as it stands now, whichever transition the entry is of. So a repeated or late entry takes
 * nothing back.
 */
export class FhirAlerts {
  readonly #options: FhirAlertsOptions
  readonly #context: AlertContext
  /** Alerts refused for good in a row. */
  #refusedInARow = 0
  /** The entry on which the server fails, and what it had written when it failed first. */
  #failing: { readonly id: number; readonly writes: number } | null = null

  constructor(options: FhirAlertsOptions) {
    this.#options = options
    this.#context = { home: options.home, patient: options.patient, words: conditionWords }
  }

  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
    const delivery = await this.#deliver(entry, signal)
    const { outcome } = delivery
    const { writes } = this.#options.server
    if (outcome.class !== 'ambiguous' || signal.aborted) return delivery
    if (this.#failing?.id !== entry.id) this.#failing = { id: entry.id, writes }
    if (entry.attempts < ALERT_TRIES || writes === this.#failing.writes) return delivery
    const reason = `the server fails on it time and again, and takes others: ${outcome.reason}`
    return { outcome: { class: 'permanent', reason }, resources: 1 }
  }

  #deliver({ kind, ref, lane }: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
    const { journal } = this.#options
    switch (kind) {
      case 'alert':
        return this.#alert(journal.alerts.byId(ref), lane, signal)
      case 'notification':
        return this.#request(ref, signal)
      case 'communication':
        return this.#communication(journal.alerts.delivery(ref), signal)
      case 'undelivered':
        return this.#undelivered(ref, signal)
      case 'flag':
        return this.#standing(journal.alerts.episodeById(ref), signal)
      case 'batch':
        return gone('alert')
    }
  }

  async #alert(transition: AlertTransition | null, lane: Lane, signal: AbortSignal): Promise<Delivery> {
    const { journal, server, target } = this.#options
    const episode = transition && episodeOf(journal.alerts.episode(transition.alertId))
    if (!episode) return gone('alert')
    if (isRehearsal(episode[0])) return delivery(target.tasks ? await this.#task(episode, signal) : null)
    const [{ measurement }, ...later] = episode
    // The Observation that it names comes later, with its batch: from then on the reference leads there.
    if (measurement !== undefined && later.length > 0)
      await server.knows({ system: IDENTIFIERS.measurement, value: measurement }, signal)
    const issue = detectedIssueOf(episode, this.#context)
    const refused = await server.change(issue, (current) => issueAfter(current, issue), signal)
    if (refused) return { outcome: this.#heldBy(refused.outcome), resources: 1 }
    this.#refusedInARow = 0
    // The Task and the Flag are sent apart: a server that takes no Tasks must still get the DetectedIssue.
    const refusals: string[] = []
    let resources = 1
    const further = [
      ...(target.tasks && asksForTask(episode[0]) ? [() => this.#task(episode, signal)] : []),
      ...(journal.outbox.isFlagged(lane, episode[0].alertId) ? [() => this.#flag(episode, signal)] : []),
    ]
    for (const push of further) {
      const refusal = await push()
      resources++
      if (refusal && refusal.class !== 'permanent') return { outcome: refusal, resources: 0 }
      if (refusal) refusals.push(refusal.reason)
    }
    if (refusals.length === 0) return { outcome: { class: 'delivered' }, resources }
    const reason = `the DetectedIssue was taken, but ${refusals.join('; ')}`
    return { outcome: { class: 'permanent', reason }, resources: refusals.length }
  }

  /** A server that refuses one alert after the other refuses all: the lane holds, and nothing more is given up. */
  #heldBy(refusal: Refusal): Refusal {
    if (refusal.class !== 'permanent' || this.#refusedInARow++ < ALERTS_REFUSED) return refusal
    return { class: 'transient', reason: `the server refuses every alert: ${refusal.reason}` }
  }

  async #task(episode: Episode, signal: AbortSignal): Promise<Refusal | null> {
    const task = taskOf(episode, this.#context)
    const wanted = isRehearsal(episode[0]) ? exerciseOf(task) : task
    const after = (current: Task) => {
      if (tasksIn([current], this.#options.home).length === 0) throw new TypeError('no Task of this home')
      return taskAfter(current, episode, this.#context)
    }
    // The address is right: the DetectedIssue has just been taken there.
    return refusalOf('Task', await this.#options.server.change(wanted, after, signal), [403, 404, 405, 501])
  }

  async #standing(transitions: readonly AlertTransition[], signal: AbortSignal): Promise<Delivery> {
    const episode = episodeOf(transitions)
    if (!episode) return gone('alert')
    return delivery(isRehearsal(episode[0]) ? null : await this.#flag(episode, signal))
  }

  async #flag(episode: Episode, signal: AbortSignal): Promise<Refusal | null> {
    const flag = flagOf(episode, this.#context)
    return refusalOf('Flag', await this.#options.server.change(flag, (current) => flagAfter(current, flag), signal))
  }

  async #request(ref: number, signal: AbortSignal): Promise<Delivery> {
    const stored = this.#options.journal.notifications.byId(ref)
    if (!stored) return gone('notification')
    if (isRehearsal(stored.transition)) return delivery(null)
    const request = communicationRequestOf(stored.notification, stored.transition, 'active', this.#context)
    return delivery(await this.#told(request, undefined, signal))
  }

  async #communication(delivered: AlertDelivery | null, signal: AbortSignal): Promise<Delivery> {
    if (!delivered) return gone('communication')
    if (isRehearsal(delivered.transition)) return delivery(null)
    const { transition, channel, reason, deliveredAt, notification } = delivered
    const stored = notification === undefined ? null : this.#options.journal.notifications.byId(notification)
    const message: Message = stored?.notification ?? {
      ...{ key: `${transition.alertId}/${transition.state}/${channel}`, channel, reason, at: transition.at },
    }
    const communication = communicationOf(message, transition, deliveredAt, this.#context)
    if (!stored) {
      const { basedOn: _none, ...older } = communication
      return delivery(await this.#told(undefined, older, signal))
    }
    const request = communicationRequestOf(message, transition, 'completed', this.#context)
    return delivery(await this.#told(request, communication, signal))
  }

  async #undelivered(ref: number, signal: AbortSignal): Promise<Delivery> {
    const stored = this.#options.journal.notifications.byId(ref)
    if (!stored) return gone('notification')
    const { notification, transition } = stored
    if (isRehearsal(transition)) return delivery(null)
    const communication = communicationNotDone(notification, transition, this.#context)
    const request = communicationRequestOf(notification, transition, 'revoked', this.#context)
    return delivery(await this.#told(request, communication, signal))
  }

  /** A message that is owed, its end, or both. */
  async #told(
    request: CommunicationRequest | undefined,
    communication: Communication | undefined,
    signal: AbortSignal,
  ): Promise<Refusal | null> {
    const { server } = this.#options
    const owed = request && (await server.change(request, (current) => requestAfter(current, request), signal))
    const refusal = refusalOf('CommunicationRequest', owed ?? null)
    if (!communication || (refusal && refusal.class !== 'permanent')) return refusal
    return refusalOf('Communication', await server.create(communication, signal)) ?? refusal
  }
}

/**
 * An exercise is never in the patient's record, where it might be taken for an alarm, years later too: no DetectedIssue, no
 * Flag, no messages. Its Task alone is sent, for that is a way to answer, which must be tried like the others.
 */
const isRehearsal = ({ condition }: Pick<AlertTransition, 'condition'>): boolean => condition === REHEARSAL

/**
 * A server, or a token, that takes Observations but no Tasks must not stop the lane. Its answer, one
 * of `lasting`, is permanent. (A token that has expired is answered with 401, which is not.)
 * @param lasting statuses that waiting will not change
 * @returns null where the server took it
 */
function refusalOf(type: string, refusal: FhirRefusal | null, lasting: readonly number[] = [403]): Refusal | null {
  if (!refusal) return null
  const { status, outcome } = refusal
  if (status === undefined || !lasting.includes(status)) return outcome
  return { class: 'permanent', reason: `HTTP ${status}: ${type} may not be read and written here` }
}

function episodeOf([first, ...rest]: readonly AlertTransition[]): Episode | null {
  return first ? [first, ...rest] : null
}

function delivery(refusal: Refusal | null): Delivery {
  return { outcome: refusal ?? { class: 'delivered' }, resources: 1 }
}

async function gone(what: string): Promise<Delivery> {
  return { outcome: { class: 'permanent', reason: `the ${what} is not in the journal` }, resources: 1 }
}
