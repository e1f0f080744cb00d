/** What a clear target gets about alerts: DetectedIssue, Task, CommunicationRequest, Communication and Flag. */
import type { Bundle } from '@medplum/fhirtypes'
import type { Episode } from '#fhir/alert-event.js'
import { alertBundle, communicationBundle, condition, flagBundle, requestBundle, taskBundle } from '#fhir/bundle.js'
import { communicationNotDone, communicationOf, communicationRequestOf, type Message } from '#fhir/communication.js'
import { detectedIssueOf } from '#fhir/detected-issue.js'
import { flagOf } from '#fhir/flag.js'
import { asksForTask, taskAfter, taskOf } from '#fhir/task.js'
import type { AlertDelivery } from '#gateway/journal/api/alerts.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { Lane } from '#gateway/model/lane.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import type { FhirAnswer, FhirClient, Refusal } from './fhir-client.js'
import { tasksIn } from './fhir-task.js'

export interface FhirAlertsOptions {
  readonly target: TargetConfig
  readonly client: FhirClient
  readonly journal: Pick<Journal, 'alerts' | 'notifications' | 'outbox'>
  /** Pseudonyms. */
  readonly home: string
  readonly patient: string
}

type Delivery = Awaited<ReturnType<Deliverer['deliver']>>

/** Most reads, in one delivery, of a Task that somebody else is writing. */
const READS = 5

/**
 * Each push shows the alert as it stands now, whichever transition the entry is of. So a repeated or late entry takes
 * nothing back.
 */
export class FhirAlerts {
  readonly #options: FhirAlertsOptions

  constructor(options: FhirAlertsOptions) {
    this.#options = options
  }

  deliver({ kind, ref, lane }: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
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
    const { client, journal, target } = this.#options
    const episode = transition && episodeOf(journal.alerts.episode(transition.alertId))
    if (!episode) return gone('alert')
    const issue = await client.transaction(alertBundle(detectedIssueOf(episode, this.#options), this.#options), signal)
    if (!issue.ok) return { outcome: issue.outcome, resources: 1 }
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

  /** Creates the Task, or changes the version that was read: a doctor's change meanwhile is never overwritten. */
  async #task(episode: Episode, signal: AbortSignal): Promise<Refusal | null> {
    const { client, home } = this.#options
    const wanted = taskOf(episode, this.#options)
    for (let read = 0; read < READS; read++) {
      const answer = await client.get(condition(wanted), signal)
      // The address is right: the DetectedIssue has just been taken there.
      if (!answer.ok) return refusalOf('Task', answer, [403, 404, 405, 501])
      const found = tasksIn(answer.resource, home).find(({ alertId }) => alertId === episode[0].alertId)
      if (!found) return refusalOf('Task', await client.transaction(taskBundle(wanted, this.#options), signal))
      const changed = taskAfter(found.resource, episode, this.#options)
      if (!changed) return null
      const written = await client.put(`Task/${found.id}`, changed, found.versionId, signal)
      if (written.ok || !written.conflict) return refusalOf('Task', written)
    }
    return { class: 'transient', reason: 'the Task is being changed by somebody else' }
  }

  async #standing(transitions: readonly AlertTransition[], signal: AbortSignal): Promise<Delivery> {
    const episode = episodeOf(transitions)
    return episode ? delivery(await this.#flag(episode, signal)) : gone('alert')
  }

  async #flag(episode: Episode, signal: AbortSignal): Promise<Refusal | null> {
    return this.#push('Flag', flagBundle(flagOf(episode, this.#options), this.#options), signal)
  }

  async #request(ref: number, signal: AbortSignal): Promise<Delivery> {
    const stored = this.#options.journal.notifications.byId(ref)
    if (!stored) return gone('notification')
    const request = communicationRequestOf(stored.notification, stored.transition, 'active', this.#options)
    return delivery(await this.#push('CommunicationRequest', requestBundle(request, this.#options), signal))
  }

  async #communication(delivered: AlertDelivery | null, signal: AbortSignal): Promise<Delivery> {
    if (!delivered) return gone('communication')
    const { transition, channel, reason, deliveredAt, notification } = delivered
    const stored = notification === undefined ? null : this.#options.journal.notifications.byId(notification)
    const message: Message = stored?.notification ?? {
      ...{ key: `${transition.alertId}/${transition.state}/${channel}`, channel, reason, at: transition.at },
    }
    const communication = communicationOf(message, transition, deliveredAt, this.#options)
    if (!stored) {
      const { basedOn: _none, ...older } = communication
      return delivery(await this.#end(older, undefined, signal))
    }
    const request = communicationRequestOf(message, transition, 'completed', this.#options)
    return delivery(await this.#end(communication, request, signal))
  }

  async #undelivered(ref: number, signal: AbortSignal): Promise<Delivery> {
    const stored = this.#options.journal.notifications.byId(ref)
    if (!stored) return gone('notification')
    const { notification, transition } = stored
    const communication = communicationNotDone(notification, transition, this.#options)
    const request = communicationRequestOf(notification, transition, 'revoked', this.#options)
    return delivery(await this.#end(communication, request, signal))
  }

  #end(
    communication: Parameters<typeof communicationBundle>[0],
    request: Parameters<typeof communicationBundle>[1],
    signal: AbortSignal,
  ): Promise<Refusal | null> {
    return this.#push('Communication', communicationBundle(communication, request, this.#options), signal)
  }

  async #push(type: string, bundle: Bundle, signal: AbortSignal): Promise<Refusal | null> {
    return refusalOf(type, await this.#options.client.transaction(bundle, signal))
  }
}

/**
 * A server, or a token, that takes Observations but no Tasks must not stop the lane, which carries both. Its answer, one
 * of `lasting`, is permanent. (A token that has expired is answered with 401, which is not.)
 * @param lasting statuses that waiting will not change
 * @returns null where the server took it
 */
function refusalOf(type: string, answer: FhirAnswer, lasting: readonly number[] = [403]): Refusal | null {
  if (answer.ok) return null
  const { status, outcome } = answer
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
