import { type AlertChannel, noticeOf } from '#gateway/alarms/channels/channel.js'
import { shownValue } from '#gateway/alarms/explain/shown-value.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import type { Surroundings } from '#gateway/wording/message.js'
import type { PreviewRules } from '#gateway/wording/preview.js'

export interface AlertDelivererOptions {
  readonly channel: AlertChannel
  readonly journal: Pick<Journal, 'notifications' | 'alerts' | 'values'>
  /** Pseudonym of the home. */
  readonly home: string
  readonly preview?: PreviewRules
  /** Where a contact is reached; null: the contact is no longer configured. */
  readonly addressOf?: (contact: string) => { readonly address?: string } | null
  /** Makes a link that acknowledges an alert; undefined where the site has configured none. */
  readonly acknowledgeUrl?: (alertId: string, contact: string | undefined) => string | undefined
  /** What a message says beside the alert itself, when it is sent. */
  readonly surroundings?: () => Omit<Surroundings, 'home' | 'open' | 'quality'>
}

/** Told of an alert at a time of their own, not with a transition of it. */
const OWN_TIME: ReadonlySet<string> = new Set(['escalated', 'reminder', 'silenced', 'digest'])
/** Reasons without a link: somebody has the alert already, it is over, or the message is about several alerts. */
const WITHOUT_LINK: ReadonlySet<string> = new Set(['acknowledged', 'cleared', 'digest'])

/** The deliverer of an `alert:` lane: reads the notification and gives the channel what may leave the home. */
export class AlertDeliverer implements Deliverer {
  readonly #options: AlertDelivererOptions

  constructor(options: AlertDelivererOptions) {
    this.#options = options
  }

  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<{ outcome: DeliveryOutcome; resources: number }> {
    const { channel, journal, home, preview, addressOf, acknowledgeUrl, surroundings } = this.#options
    const stored = entry.kind === 'notification' ? journal.notifications.byId(entry.ref) : null
    if (!stored) return refused('the entry names no stored notification')
    const { notification, transition } = stored
    const { key, reason, at, contact, until, covers, alertId } = notification
    const known = contact === undefined ? {} : addressOf ? addressOf(contact) : {}
    if (known === null) return refused('the contact is no longer configured')
    const link = WITHOUT_LINK.has(reason) ? undefined : acknowledgeUrl?.(alertId, contact)
    const telling = {
      key,
      reason,
      ...(OWN_TIME.has(reason) && { at }),
      ...(contact !== undefined && { contact }),
      ...(known.address !== undefined && { address: known.address }),
      ...(until !== undefined && { until }),
      ...(covers && { covers: covers.flatMap((id) => journal.alerts.episode(id).at(-1) ?? []) }),
      ...(link !== undefined && { acknowledgeUrl: link }),
    }
    const cause = transition.measurement === undefined ? null : journal.values.of(transition.measurement)
    const quality = cause && { quality: shownValue(cause).quality }
    const around = { ...surroundings?.(), ...quality, open: journal.alerts.active() }
    const notice = noticeOf(transition, home, telling, preview, around)
    return { outcome: await channel.notify(notice, signal), resources: 1 }
  }
}

function refused(reason: string): { outcome: DeliveryOutcome; resources: number } {
  return { outcome: { class: 'permanent', reason }, resources: 1 }
}
