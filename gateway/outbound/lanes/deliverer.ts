import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'

/** Called by a lane's worker for each entry, strictly in order. One implementation per kind of far end. */
export interface Deliverer {
  /** At the start of a lane: asks what it must know of its far end, so that it is said before anything fails. Never rejects. */
  prepare?(signal: AbortSignal): Promise<void>
  /**
   * Must be idempotent at the far end: the same entry may be delivered again after an ambiguous outcome or a crash.
   * Resolves with the outcome and with how many resources it stood for; never rejects.
   */
  deliver(entry: OutboxEntry, signal: AbortSignal): Promise<{ outcome: DeliveryOutcome; resources: number }>
}
