/** Who owes what to which lane. Pure; the journal asks it inside the transaction that makes the debt true. */
import type { OutboxEntry, OutboxKind } from '#gateway/journal/api/outbox.js'
import { alertLane, isSameLane, type Lane, type Recipient } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'

/** A lane that the configuration asks for. */
export interface LaneRoute {
  readonly lane: Lane
  /** The kinds of entries that its far end gets. */
  readonly takes: readonly OutboxKind[]
}

/**
 * The lanes that get an entry of this kind.
 * @param recipient of a notification: whom it tells. Where no lane leads there, nobody gets it: an FHIR server hears of
 * messages that are sent.
 */
export function lanesOwed(routes: readonly LaneRoute[], kind: OutboxKind, recipient?: Recipient): Lane[] {
  const taking = routes.filter(({ takes }) => takes.includes(kind)).map(({ lane }) => lane)
  if (kind !== 'notification') return taking
  const own = recipient && taking.find((lane) => isSameLane(lane, alertLane(recipient)))
  return own ? [own, ...taking.filter((lane) => lane.kind !== 'alert')] : []
}

/** The kind that is owed because an entry has met its end; null: none. */
export function owedAfter(
  { lane, kind }: Pick<OutboxEntry, 'lane' | 'kind'>,
  outcome: DeliveryOutcome['class'],
): 'communication' | 'undelivered' | null {
  if (lane.kind !== 'alert' || kind !== 'notification') return null
  if (outcome === 'delivered') return 'communication'
  return outcome === 'permanent' ? 'undelivered' : null
}
