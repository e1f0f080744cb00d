import { type AlertTransition, begins, isUnattended } from '#gateway/model/alert.js'
import { type Recipient, recipientKey } from '#gateway/model/lane.js'
import type {
  DigestItem,
  Dispatch,
  Dispatching,
  Notification,
  NotificationReason,
  OpenDispatch,
} from '#gateway/model/notification.js'
import { isExercise, outranksExercises } from '#gateway/model/rehearsal.js'
import { isWithinAny, passed } from './hours.js'
import type { Contact, DispatchPolicy } from './policy.js'
import { contactsOf, everybodyOf } from './recipients.js'

/** After so many reminders the next come an hour apart: somebody who did not answer six does not need twelve. */
const FREQUENT_REMINDERS = 6
const HOUR_MS = 3_600_000
/** An exercise must not weary those who would answer an emergency. */
const EXERCISE_MS = 24 * HOUR_MS

interface Open {
  alert: AlertTransition
  readonly told: Map<string, Recipient>
  /** How often a recipient was told for a reason; it makes keys unique. */
  readonly counts: Map<string, number>
  /** The next step of the chain. */
  step: number
  lastToldAt: number
  reminders: number
  silencedUntil: number
}

/** Decides who is told of what. Holds what is open; does no I/O and reads no clock. Epoch ms throughout. */
export class Dispatcher implements Dispatching {
  readonly #policy: DispatchPolicy
  readonly #open = new Map<string, Open>()
  /** By contact. */
  readonly #digest = new Map<string, DigestItem[]>()
  #lastLook: number | null = null

  constructor(policy: DispatchPolicy, restored: OpenDispatch = { open: [], digest: [] }) {
    this.#policy = policy
    for (const { alert, notifications, silencedUntil } of restored.open) {
      const open = { ...newly(alert), silencedUntil }
      for (const { channel, contact, reason, at } of notifications) {
        const recipient = { channel, ...(contact !== undefined && { contact }) }
        remember(open, recipient, reason, at)
      }
      open.reminders = new Set(notifications.flatMap(({ reason, at }) => (reason === 'reminder' ? [at] : []))).size
      this.#open.set(alert.alertId, open)
    }
    for (const item of restored.digest) this.#collect(item)
  }

  /** New transitions, in their order. */
  take(transitions: readonly AlertTransition[], now: number): Dispatch {
    const out = new Out()
    for (const transition of transitions) {
      const known = this.#open.get(transition.alertId)
      if (begins(transition) && !known) this.#raise(transition, now, out)
      else if (known) this.#change(known, transition, now, out)
    }
    return out
  }

  /** Call about once a second: escalation, reminders, digests. */
  tick(now: number): Dispatch {
    const out = new Out()
    for (const open of this.#open.values()) {
      if (!isUnattended(open.alert.state) || this.#standsBack(open.alert, now)) continue
      // The alert was open at the start, and the journal does not say that anybody was ever told.
      if (open.told.size === 0) this.#broadcast(open, now, out)
      this.#climb(open, now, out)
      this.#remind(open, now, out)
    }
    this.#digests(now, out)
    this.#lastLook = now
    return out
  }

  /**
   * Sends no reminders until then. Escalation goes on, and new alerts are not silenced. @param alertIds unknown ones
   * are passed over
   */
  silence(alertIds: readonly string[], until: number, now: number): Dispatch {
    const out = new Out()
    for (const id of alertIds) {
      const open = this.#open.get(id)
      if (!open) continue
      open.silencedUntil = until
      for (const channel of this.#policy.broadcast) this.#tell(open, { channel }, 'silenced', now, out, until)
    }
    return out
  }

  /** The next step of the chain at once: somebody asks for it, or a recipient cannot be reached. */
  escalate(alertId: string, now: number): Dispatch {
    const out = new Out()
    const open = this.#open.get(alertId)
    if (open) this.#next(open, now, out)
    return out
  }

  #raise(alert: AlertTransition, now: number, out: Out): void {
    const open = newly(alert)
    this.#open.set(alert.alertId, open)
    if (this.#standsBack(alert, now)) return
    this.#broadcast(open, now, out)
    this.#climb(open, now, out)
  }

  /** An exercise stands back for a high alarm, and for people's quiet hours. */
  #standsBack({ condition }: AlertTransition, now: number): boolean {
    if (!isExercise(condition)) return false
    const { quietHours, zone } = this.#policy
    return isWithinAny(quietHours, now, zone) || [...this.#open.values()].some(({ alert }) => outranksExercises(alert))
  }

  #broadcast(open: Open, now: number, out: Out): void {
    for (const channel of this.#policy.broadcast) this.#tell(open, { channel }, 'raised', now, out)
    open.lastToldAt = now
  }

  #change(open: Open, transition: AlertTransition, now: number, out: Out): void {
    open.alert = transition
    const { state, actor } = transition
    if (state === 'acknowledged' || state === 'cleared') {
      for (const recipient of [...open.told.values()])
        if (state === 'cleared' || recipient.contact === undefined || recipient.contact !== actor?.by)
          this.#tell(open, recipient, state, now, out)
    } else if (state === 'latched') {
      for (const channel of this.#policy.broadcast) this.#tell(open, { channel }, 'latched', now, out)
    }
    if (state === 'cleared') this.#open.delete(transition.alertId)
  }

  /** All steps of the chain that are due. */
  #climb(open: Open, now: number, out: Out): void {
    const chain = this.#policy.chains[open.alert.priority]
    const last = Math.max(1, chain.length)
    while (open.step < last && now - open.alert.raisedAt >= (chain[open.step]?.afterMs ?? 0)) this.#next(open, now, out)
  }

  /** Takes one step, or the first one after it in which somebody is on duty. */
  #next(open: Open, now: number, out: Out): void {
    const { alert } = open
    const last = Math.max(1, this.#policy.chains[alert.priority].length)
    while (open.step < last) {
      const first = open.step === 0
      const contacts = contactsOf(this.#policy, alert, open.step, now)
      open.step++
      for (const contact of contacts) this.#reach(open, contact, first ? 'raised' : 'escalated', now, out)
      if (contacts.length > 0) return
    }
    const anybody = [...open.told.values()].some(({ contact }) => contact !== undefined)
    if (alert.priority === 'high' && !anybody)
      for (const contact of everybodyOf(this.#policy, alert)) this.#reach(open, contact, 'escalated', now, out)
  }

  #reach(open: Open, contact: Contact, reason: 'raised' | 'escalated', now: number, out: Out): void {
    const recipient = { channel: contact.channel, contact: contact.id }
    if (open.told.has(recipientKey(recipient))) return
    if (open.alert.priority === 'low' && this.#waits(contact, now)) {
      const item = { contact: contact.id, alertId: open.alert.alertId, at: now }
      this.#collect(item)
      out.digestItems.push(item)
    } else this.#tell(open, recipient, reason, now, out)
  }

  #waits({ digestAt }: Contact, now: number): boolean {
    return digestAt !== undefined || isWithinAny(this.#policy.quietHours, now, this.#policy.zone)
  }

  #remind(open: Open, now: number, out: Out): void {
    const every = this.#policy.remindMs[open.alert.priority]
    const rare = isExercise(open.alert.condition) ? EXERCISE_MS : HOUR_MS
    const interval = open.reminders < FREQUENT_REMINDERS ? every : Math.max(every, rare)
    if (every === 0 || now < open.silencedUntil || now - open.lastToldAt < interval) return
    const { contacts, zone } = this.#policy
    for (const recipient of [...open.told.values()]) {
      const contact = contacts.find(({ id }) => id === recipient.contact)
      if (contact && contact.hours.length > 0 && !isWithinAny(contact.hours, now, zone)) continue
      this.#tell(open, recipient, 'reminder', now, out)
    }
    open.reminders++
    open.lastToldAt = now
  }

  #digests(now: number, out: Out): void {
    const { contacts, quietHours, zone } = this.#policy
    for (const contact of contacts) {
      const items = this.#digest.get(contact.id)
      const [first] = items ?? []
      if (!items || !first) continue
      const due =
        contact.digestAt === undefined
          ? !isWithinAny(quietHours, now, zone)
          : passed(contact.digestAt, Math.min(this.#lastLook ?? first.at, now), now, zone)
      if (!due) continue
      this.#digest.delete(contact.id)
      out.notifications.push({
        key: `${first.alertId}:digest:${contact.id}`,
        alertId: first.alertId,
        reason: 'digest',
        channel: contact.channel,
        contact: contact.id,
        at: now,
        covers: items.map(({ alertId }) => alertId),
      })
    }
  }

  #collect(item: DigestItem): void {
    const items = this.#digest.get(item.contact) ?? []
    if (items.some(({ alertId }) => alertId === item.alertId)) return
    this.#digest.set(item.contact, [...items, item])
  }

  #tell(open: Open, recipient: Recipient, reason: NotificationReason, now: number, out: Out, until?: number): void {
    const count = remember(
      open,
      recipient,
      reason,
      reason === 'raised' || reason === 'escalated' ? now : open.lastToldAt,
    )
    out.notifications.push({
      key: `${open.alert.alertId}:${reason}:${count}:${recipientKey(recipient)}`,
      alertId: open.alert.alertId,
      reason,
      ...recipient,
      at: now,
      ...(until !== undefined && { until }),
    })
  }
}

class Out implements Dispatch {
  readonly notifications: Notification[] = []
  readonly digestItems: DigestItem[] = []
}

function newly(alert: AlertTransition): Open {
  return {
    alert,
    told: new Map(),
    counts: new Map(),
    step: 0,
    lastToldAt: alert.raisedAt,
    reminders: 0,
    silencedUntil: 0,
  }
}

/** @returns how often this recipient has now been told for this reason. */
function remember(open: Open, recipient: Recipient, reason: NotificationReason, at: number): number {
  const key = recipientKey(recipient)
  open.told.set(key, recipient)
  const counted = `${reason} ${key}`
  const count = (open.counts.get(counted) ?? 0) + 1
  open.counts.set(counted, count)
  open.lastToldAt = Math.max(open.lastToldAt, at)
  return count
}
