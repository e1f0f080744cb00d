import type { Lane } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'

/**
 * queued → claimed → inflight → delivered | rejected (permanent) ; failed = will be tried again at `nextAt`.
 * A person may put a rejected one back (queued), or drop it (dropped).
 */
export type OutboxState = 'queued' | 'claimed' | 'inflight' | 'failed' | 'delivered' | 'rejected' | 'dropped'

/**
 * The thing that an entry delivers:
 * batch — a closed batch (fhir lanes: push; anchor lanes: anchor). `ref` is the batch number.
 * alert — an AlertTransition (fhir lanes: DetectedIssue, Task). `ref` is the transition's row id.
 * notification — a Notification (alert lanes: notify; fhir lanes: CommunicationRequest). `ref` is its row id.
 * communication — an alert that reached a channel (fhir lanes: Communication). `ref` is the alert_delivery row id.
 * undelivered — a Notification that its channel refused for good (fhir lanes: Communication). `ref` is its row id.
 * flag — an alert that stands (fhir lanes: Flag). `ref` is the row id of its episode.
 */
export type OutboxKind = 'batch' | 'alert' | 'notification' | 'communication' | 'undelivered' | 'flag'

export interface OutboxEntry {
  readonly id: number
  readonly lane: Lane
  readonly kind: OutboxKind
  readonly ref: number
  readonly state: OutboxState
  readonly attempts: number
  readonly createdAt: number
}

export interface LaneDepth {
  readonly lane: Lane
  /** Entries not yet delivered or rejected. */
  readonly depth: number
  /** Epoch ms at which the oldest of them was queued. */
  readonly oldestAt: number | null
  readonly delivered: number
  readonly rejected: number
  /** Sum of `resources` the far end accepted / refused. */
  readonly resourcesAccepted: number
  readonly resourcesFailed: number
  /** Why the oldest waiting entry did not go through at its last attempt; null or absent: not tried, or nothing waits. */
  readonly lastReason?: string | null
  /** Epoch ms of its next attempt, as last planned. */
  readonly nextAt?: number | null
  /**
   * idle: nothing waits. waiting: not tried yet. delivering: under way. retrying: tried, will be again. held: an anchor
   * was refused for good, and none after it can go before it.
   */
  readonly state?: 'idle' | 'waiting' | 'delivering' | 'retrying' | 'held'
  /** Entries that a person dropped. */
  readonly dropped?: number
}

/** The debts of each lane, in order. */
export interface OutboxStore {
  /** The head of a lane: its oldest entry that is neither delivered nor rejected, claimed. Null when empty. */
  claim(lane: Lane): OutboxEntry | null
  /** Marks a claimed entry inflight: from here a crash makes its outcome ambiguous. */
  launch(entry: OutboxEntry): void
  /**
   * Records an outcome and, in the same transaction, what is owed because of it (`owedAfter`). What an alert lane
   * delivered is a delivery in the alert log too.
   * @param nextAt epoch ms at which the worker means to try again; shown by status, not enforced by `claim`.
   */
  settle(entry: OutboxEntry, outcome: DeliveryOutcome, resources: number, nextAt?: number): void
  /** These alerts stand: a `flag` entry of each for each lane that takes flags, once for ever. */
  queueFlags(alertIds: readonly string[]): void
  /** Whether this lane was ever told that the alert stands. */
  isFlagged(lane: Lane, alertId: string): boolean
  /** Called when an entry is added to the lane; returns an unsubscribe function. */
  onQueued(lane: Lane, listener: () => void): () => void
  depths(): LaneDepth[]
  /** Lanes that an earlier configuration had and in which something waits or was rejected. */
  formerDepths(): LaneDepth[]
  /** Every lane there ever was, those of an earlier configuration too. */
  lanes(): Lane[]
  /**
   * When the oldest alert was queued that an alert lane has not delivered (waiting or rejected), epoch ms; null: none.
   * @param except conditions whose alerts do not count
   */
  oldestUntold(lane: Lane, except: readonly string[]): number | null
}
