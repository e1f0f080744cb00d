/**
 * The journal's interface: COMMIT, the batches, and what each lane owes. One implementation (SQLite); tests use a
 * real one in a temporary folder, never a fake.
 */

import type { Measurement, SensorKind } from '#fhir/measurement.js'
import type { Hour } from '#gateway/clinical/scores/hourly.js'
import type { SettingsJournal } from '#gateway/clinical/settings/patient-settings.js'
import type { ClockStretch, Move, NewStretch } from '#gateway/journal/sqlite/stretches.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { Address, AnchorReceipt, BatchHeader, ClosedBatch, Hash32 } from '#gateway/model/batch.js'
import type { Lane } from '#gateway/model/lane.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { EntryJournal } from '#gateway/model/manual-observation.js'
import type { DigestItem, Notification, NotificationReason, OpenDispatch, Told } from '#gateway/model/notification.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { KeptMessage, UnmappedCount, UnmappedMessage } from '#gateway/model/unmapped.js'

/** What one commit makes durable, all or nothing. */
export interface Commit {
  /** Timed by a clock that is not to be believed; written after all of that was moved, it is moved too. */
  readonly provisional?: boolean
  readonly measurements: readonly Measurement[]
  readonly transitions: readonly AlertTransition[]
  /** What the alert lanes owe; each names an alert of `transitions` or one that is stored. */
  readonly notifications?: readonly Notification[]
  readonly digestItems?: readonly DigestItem[]
  /** What people did. */
  readonly actions?: readonly AlarmAction[]
  /** Messages that became no reading. Beyond their room (`UnmappedBounds`) they are counted, not kept. */
  readonly unmapped?: readonly UnmappedMessage[]
  /** Ids of kept messages that `measurements` were made of. */
  readonly mapped?: readonly number[]
}

/** A stored notification: what an alert lane delivers. */
export interface StoredNotification {
  readonly id: number
  readonly notification: Notification
  /** Latest transition of its alert when it was made. */
  readonly transition: AlertTransition
}

/**
 * queued → claimed → inflight → delivered | rejected (permanent) ; failed = will be tried again at `nextAt`.
 * A person may put a rejected one back (queued), or drop it (dropped).
 */
export type OutboxState = 'queued' | 'claimed' | 'inflight' | 'failed' | 'delivered' | 'rejected' | 'dropped'

/**
 * What an entry delivers:
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

export interface AlertDelivery {
  readonly id: number
  readonly transition: AlertTransition
  /** Row id of the notification; absent for deliveries of a journal of before there were any. */
  readonly notification?: number
  readonly channel: string
  readonly contact?: string
  readonly reason: NotificationReason
  readonly deliveredAt: number
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

/** An outbox entry as people see it. */
export interface QueuedEntry extends OutboxEntry {
  /** Epoch ms of the next attempt, as last planned. */
  readonly nextAt: number | null
  /** What the far end said at the last attempt. */
  readonly reason: string | null
  /** Epoch ms at which it was delivered, rejected or dropped. */
  readonly settledAt: number | null
}

/** What somebody did to an entry by hand. Never purged. */
export interface QueueAudit {
  readonly action: 'retry' | 'drop'
  /** User name, or `retention`. */
  readonly actor: string
  readonly at: number
  readonly reason: string | null
  /** What the far end had said. */
  readonly refusal: string | null
}

export interface DropPermissions {
  /** Also what still waits to be delivered. */
  readonly waiting: boolean
  /** Also an alert that nobody was told by this lane. */
  readonly undeliveredAlert: boolean
}

/** The outbox as people look into it and mend it. */
export interface QueueJournal {
  /** Oldest first. `lane` null: every lane, those of an earlier configuration too. */
  list(lane: Lane | null, state: 'waiting' | 'rejected', limit: number): QueuedEntry[]
  entry(id: number): QueuedEntry | null
  audit(id: number): QueueAudit[]
  /**
   * Puts entries back in their lane where they were: the oldest goes first, so they go at once. Waiting ones stay as they are.
   * @throws HomebeatError `queue.not-found`, `queue.delivered`, `queue.purged`, `queue.lane`; then none is put back
   */
  retry(ids: readonly number[], actor: string): QueuedEntry[]
  /** Ids of the lane's rejected entries, oldest first. */
  rejected(lane: Lane): number[]
  /** @throws HomebeatError `queue.not-found`, `queue.delivered`, `queue.waiting`, `queue.inflight`, `queue.anchor`, `queue.alert` */
  drop(id: number, actor: string, reason: string, permissions: DropPermissions): QueuedEntry
}

export interface JournalTotals {
  readonly measurements: Readonly<Record<SensorKind, number>>
  readonly batchesClosed: number
  readonly batchesAnchored: number
}

/** What came out of a damaged file, and what did not. */
export interface SalvageReport {
  /** Rows saved, by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Rows that were there and not believable: altered, or torn. */
  readonly refusedRows: number
  readonly unreadablePages: number
  /** Numbers of batches of which records are lost and that a FHIR server may not have got. */
  readonly batchesWithoutRecords: readonly number[]
  /** Of them: only the head is known, from outside the journal; it can still be anchored. */
  readonly batchesFromHeads: readonly number[]
  /** Numbers of which nothing is known at all. */
  readonly batchesMissing: readonly number[]
  /** Why nothing but the heads could be saved, where that is so. */
  readonly failure?: string
}

/** A damage that no person has taken note of yet. */
export interface JournalDamage {
  /** Epoch ms. */
  readonly foundAt: number
  readonly reason: string
  /** Path of the damaged file; it is kept. */
  readonly setAside: string
  readonly report: SalvageReport
}

/** Where a chain of batches goes on. */
export interface ChainHead {
  readonly gateway: Address
  readonly number: number
  readonly previousRoot: Hash32
  readonly root: Hash32
  /** Epoch ms. */
  readonly time: number
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

  /** The latest transition of each episode that is not cleared; what the alert machine restarts from. */
  activeAlerts(): AlertTransition[]
  transition(id: number): AlertTransition | null
  /** All transitions of one alert, oldest first. */
  episode(alertId: string): AlertTransition[]
  /** The same, by the row id of the episode. */
  episodeById(id: number): AlertTransition[]
  notification(id: number): StoredNotification | null
  /** All notifications of one alert, oldest first. */
  notifications(alertId: string): Notification[]
  /** The same with what became of each. */
  tellings(alertId: string): Told[]
  /** What the dispatcher restarts from. */
  openDispatch(): OpenDispatch
  /** Latest first. */
  actions(limit: number): AlarmAction[]
  alertDelivery(id: number): AlertDelivery | null
  /** All alert deliveries, oldest first, of the latest `limit` episodes; for status. */
  alertDeliveries(limit: number): AlertDelivery[]
  /** Latest transitions, newest first. */
  transitions(limit: number): AlertTransition[]

  /** The head of a lane: its oldest entry that is neither delivered nor rejected, claimed. Null when empty. */
  claim(lane: Lane): OutboxEntry | null
  /** Marks a claimed entry inflight: from here a crash makes its outcome ambiguous. */
  launch(entry: OutboxEntry): void
  /**
   * Records an outcome. On an alert lane, `delivered` also writes the alert_delivery row and, for each fhir lane that
   * wants alerts, a `communication` entry, and `permanent` an `undelivered` one, in the same transaction.
   * @param nextAt epoch ms at which the worker means to try again; shown by status, not enforced by `claim`.
   */
  settle(entry: OutboxEntry, outcome: DeliveryOutcome, resources: number, nextAt?: number): void
  /** These alerts stand: a `flag` entry of each for each fhir lane that wants alerts, once for ever. */
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
  /** The leaf hashes of a purged batch, in leaf order, [] once these are gone too; null where the batch is unknown or its leaves are still held. */
  leafHashes(number: number): Hash32[] | null
  /** Its salts (64 hex digits each), in leaf order, where only clear targets have the batch; else null. */
  leafSalts(number: number): string[] | null

  readonly queue: QueueJournal
  /** What was lost and not accepted yet, oldest first. */
  damages(): JournalDamage[]

  readonly anchors: AnchorJournal
  readonly clock: ClockJournal
  readonly epochKeys: EpochKeyStore
  readonly unmapped: UnmappedJournal
  readonly settings: SettingsJournal
  readonly entries: EntryJournal
  readonly hourly: HourlyStore
  totals(): JournalTotals
}

/** A measurement as it is stored: as such until a batch holds it, then as the Observation (JSON) that was hashed. */
export interface StoredValue {
  readonly identifier: string
  readonly sensor: SensorKind
  /** Epoch ms. */
  readonly at: number
  readonly content: { readonly measurement: Measurement } | { readonly observation: string }
}

export interface StoredValues {
  /** Null where it is unknown, or not held any more. */
  of(identifier: string): StoredValue | null
  /** Those of these times (epoch ms, both included), nearest to `at` first. */
  near(at: number, withinMs: number, sensors: readonly SensorKind[]): Iterable<StoredValue>
}

/** What each hour's values were. */
export interface HourlyStore {
  /** Replaces those of the same hour and number, and forgets what is older than `since` (epoch ms). */
  put(hours: readonly Hour[], since: number): void
  all(): Hour[]
}

/** Messages that became no reading and wait for a mapping. */
export interface UnmappedJournal {
  counts(): UnmappedCount[]
  /** Newest first. */
  latest(limit: number): KeptMessage[]
  /** Oldest first, from the one after `id`. */
  after(id: number, limit: number): KeptMessage[]
  /** Whether any device has used up its room. */
  isFull(): boolean
  /** Deletes what waits of a device, because a person says so. @returns how many messages */
  discard(deviceId: string): number
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
    | 'episode'
    | 'notifications'
    | 'tellings'
    | 'actions'
    | 'transitions'
    | 'alertDelivery'
    | 'alertDeliveries'
    | 'depths'
    | 'formerDepths'
    | 'leafHashes'
    | 'leafSalts'
    | 'totals'
    | 'damages'
  > {
  /** Transitions of these times (epoch ms, both included), oldest first. */
  transitionsBetween(from: number, to: number): AlertTransition[]
  readonly values: StoredValues
  readonly anchors: Pick<AnchorJournal, 'transaction' | 'receipt' | 'lastReceipt'>
  readonly epochKeys: Pick<EpochKeyStore, 'get' | 'list'>
  readonly settings: Pick<SettingsJournal, 'all'>
  readonly unmapped: Pick<UnmappedJournal, 'counts' | 'latest'>
  close(): void
}
