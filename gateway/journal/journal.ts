/**
 * The journal's interface: COMMIT, the batches, and what each lane owes. One implementation (SQLite); tests use a
 * real one in a temporary folder, never a fake.
 */

import type { Measurement, SensorKind } from '#fhir/measurement.js'
import type { AlertTransition } from '#gateway/alerts/alert.js'
import type { AnchorReceipt, BatchHeader, ClosedBatch, Hash32 } from '#gateway/anchoring/batch.js'
import type { DeliveryOutcome } from '#gateway/lanes/outcome.js'
import type { Lifecycle } from '#gateway/runtime/lifecycle.js'
import type { ClockStretch, Move, NewStretch } from './stretches.js'

/** What one commit makes durable, all or nothing. */
export interface Commit {
  /** Timed by a clock that is not to be believed; written after all of that was moved, it is moved too. */
  readonly provisional?: boolean
  readonly measurements: readonly Measurement[]
  readonly transitions: readonly AlertTransition[]
}

/** queued → claimed → inflight → delivered | rejected (permanent) ; failed = will be tried again at `nextAt`. */
export type OutboxState = 'queued' | 'claimed' | 'inflight' | 'failed' | 'delivered' | 'rejected'

/**
 * What an entry delivers:
 * batch — a closed batch (fhir lanes: push; anchor lanes: anchor). `ref` is the batch number.
 * alert — an AlertTransition (alert lanes: notify; fhir lanes: DetectedIssue). `ref` is the transition's row id.
 * communication — an alert that reached a channel (fhir lanes: Communication). `ref` is the alert_delivery row id.
 */
export type OutboxKind = 'batch' | 'alert' | 'communication'

export interface OutboxEntry {
  readonly id: number
  /** `fhir:<target>`, `alert:<channel>` or `anchor:<chain>`. */
  readonly lane: string
  readonly kind: OutboxKind
  readonly ref: number
  readonly state: OutboxState
  readonly attempts: number
  readonly createdAt: number
}

export interface AlertDelivery {
  readonly id: number
  readonly transition: AlertTransition
  readonly channel: string
  readonly deliveredAt: number
}

export interface LaneDepth {
  readonly lane: string
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
}

export interface JournalTotals {
  readonly measurements: Readonly<Record<SensorKind, number>>
  readonly batchesClosed: number
  readonly batchesAnchored: number
}

/** What the journal knows of the gateway's clock; what is stored is timed by the stretch that began last. */
export interface ClockJournal {
  last(): ClockStretch | null
  /** The newest time, epoch ms, that was stored while the clock was believed; null: none yet. */
  newestTrusted(): number | null
  /**
   * Writes what waits to be committed, and begins a stretch; in the same transaction `move` is applied to what the last
   * stretch stored and no batch holds. From a trusted stretch on nothing is held back; from another one, what it stores
   * is. @throws HomebeatError `journal.*`: nothing has begun then
   */
  begin(stretch: NewStretch, move?: Move): ClockStretch
  /** Gives what was stored while the clock could not be believed to the batches as it is. */
  release(): void
  /** Measurements that no batch may have yet. */
  held(): number
}

export interface Journal extends Lifecycle {
  /**
   * COMMIT. Resolves when durable (group commit, `synchronous=FULL`); a transition flushes the group at once.
   * A measurement whose identifier is already stored is not stored again (that is success, not an error).
   * Rejects with HomebeatError `journal.*` when the disk refuses: nothing of the commit is then kept.
   */
  commit(commit: Commit): Promise<void>
  /** Waits until everything given to `commit` so far is durable or has failed. */
  flush(): Promise<void>

  /** Measurements in commit order that no batch holds yet, but for those that wait for the clock (`clock.held`). */
  unbatched(limit: number): Measurement[]
  unbatchedCount(): number
  /**
   * One transaction: the batch, its leaves, the mark on its measurements and one `batch` entry for each fhir and
   * anchor lane. Refuses a number or previous root that does not continue the last batch.
   */
  closeBatch(batch: ClosedBatch): void
  lastBatch(): BatchHeader | null
  batch(number: number): ClosedBatch | null
  batchNumbers(): number[]
  /** The batch that holds this measurement, or null (unknown, or not yet batched). */
  batchOf(identifier: string): number | null
  hasMeasurement(identifier: string): boolean

  /** Transitions whose episode is active now; what the alert machine restarts from. */
  activeAlerts(): AlertTransition[]
  transition(id: number): AlertTransition | null
  alertDelivery(id: number): AlertDelivery | null
  /** All alert deliveries, oldest first, of the latest `limit` episodes; for status. */
  alertDeliveries(limit: number): AlertDelivery[]
  /** Latest transitions, newest first. */
  transitions(limit: number): AlertTransition[]

  /** The head of a lane: its oldest entry that is neither delivered nor rejected, claimed. Null when empty. */
  claim(lane: string): OutboxEntry | null
  /** Marks a claimed entry inflight: from here a crash makes its outcome ambiguous. */
  launch(entry: OutboxEntry): void
  /**
   * Records an outcome. `delivered` on an alert lane also writes the alert_delivery row and, for each fhir lane that
   * wants alerts, a `communication` entry, in the same transaction.
   * @param nextAt epoch ms at which the worker means to try again; shown by status, not enforced by `claim`.
   */
  settle(entry: OutboxEntry, outcome: DeliveryOutcome, resources: number, nextAt?: number): void
  /** Called when an entry is added to the lane; returns an unsubscribe function. */
  onQueued(lane: string, listener: () => void): () => void
  depths(): LaneDepth[]

  readonly anchors: AnchorJournal
  readonly clock: ClockJournal
  readonly epochKeys: EpochKeyStore
  totals(): JournalTotals
}

/** Write-ahead of anchoring: sign, persist the raw transaction, then broadcast. */
export interface AnchorJournal {
  /** The signed transaction persisted for a batch, or null. */
  transaction(batchNumber: number): { readonly raw: string; readonly hash: Hash32; readonly nonce: number } | null
  saveTransaction(batchNumber: number, transaction: { raw: string; hash: Hash32; nonce: number }): void
  receipt(batchNumber: number): AnchorReceipt | null
  saveReceipt(receipt: AnchorReceipt): void
  lastReceipt(): AnchorReceipt | null
}

/** Epoch keys at rest, wrapped under the gateway's key-encryption key; this store never sees a key in clear. */
export interface EpochKeyStore {
  /** Compact JWE (wrapped key) or null. */
  get(epoch: string): string | null
  /** Keeps the first one stored: returns what is stored afterwards. */
  put(epoch: string, wrapped: string): string
  list(): { readonly epoch: string; readonly wrapped: string }[]
}

/**
 * A read-only view of a journal, also while a gateway writes it: for the status and verify verbs. Made by
 * `openJournalReader(path)`; the caller closes it.
 */
export interface JournalReader
  extends Pick<
    Journal,
    | 'unbatchedCount'
    | 'lastBatch'
    | 'batch'
    | 'batchNumbers'
    | 'batchOf'
    | 'hasMeasurement'
    | 'activeAlerts'
    | 'transition'
    | 'transitions'
    | 'alertDelivery'
    | 'alertDeliveries'
    | 'depths'
    | 'totals'
  > {
  readonly anchors: Pick<AnchorJournal, 'transaction' | 'receipt' | 'lastReceipt'>
  readonly epochKeys: Pick<EpochKeyStore, 'get' | 'list'>
  close(): void
}
