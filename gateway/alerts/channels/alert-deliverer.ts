import type { Journal, OutboxEntry } from '#gateway/journal/journal.js'
import type { Deliverer } from '#gateway/lanes/deliverer.js'
import type { DeliveryOutcome } from '#gateway/lanes/outcome.js'
import { type AlertChannel, noticeOf } from './channel.js'

export interface AlertDelivererOptions {
  readonly channel: AlertChannel
  readonly journal: Pick<Journal, 'transition'>
  /** Pseudonym of the home. */
  readonly home: string
}

/** An alert lane's deliverer: looks the transition up and gives the channel what may leave the home. */
export class AlertDeliverer implements Deliverer {
  readonly #options: AlertDelivererOptions

  constructor(options: AlertDelivererOptions) {
    this.#options = options
  }

  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<{ outcome: DeliveryOutcome; resources: number }> {
    const { channel, journal, home } = this.#options
    const transition = entry.kind === 'alert' ? journal.transition(entry.ref) : null
    if (!transition) return { outcome: { class: 'permanent', reason: 'the entry names no stored alert' }, resources: 1 }
    return { outcome: await channel.notify(noticeOf(transition, home), signal), resources: 1 }
  }
}
