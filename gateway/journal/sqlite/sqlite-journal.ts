import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Measurement } from '#fhir/measurement.js'
import { damaged, isDamage, journalError } from '#gateway/journal/api/errors.js'
import type {
  AlertDelivery,
  ChainHead,
  ClockJournal,
  Commit,
  EpochKeyStore,
  Journal,
  JournalDamage,
  JournalTotals,
  LaneDepth,
  OutboxEntry,
  OutboxKind,
  QueueJournal,
  StoredNotification,
  UnmappedJournal,
} from '#gateway/journal/api/journal.js'
import { purgeRules } from '#gateway/journal/retention/purge-rules.js'
import type { Purgeable, PurgeRule } from '#gateway/journal/retention/retention.js'
import { type LaneRoute, lanesOwed, owedAfter } from '#gateway/journal/routing.js'
import { openDamages } from '#gateway/journal/salvage/damages.js'
import type { LinesFile } from '#gateway/journal/salvage/lines-file.js'
import { pendingRecovery, type Recovery, recover, requestRecovery } from '#gateway/journal/salvage/recovery.js'
import { logIsDamaged } from '#gateway/journal/salvage/sqlite-pages.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { BatchHeader, ClosedBatch, Hash32 } from '#gateway/model/batch.js'
import { type Lane, laneKey, type Recipient } from '#gateway/model/lane.js'
import type { Notification, OpenDispatch, Told } from '#gateway/model/notification.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { anchorJournal } from './anchors.js'
import { BatchHeads } from './batch-heads.js'
import { type CommitBounds, CommitGroup, type EncodedCommit } from './commit.js'
import { Database } from './database.js'
import { epochKeyCopy, epochKeyStore, reconcileEpochKeys } from './epoch-keys.js'
import { hourlyStore } from './hourly-aggregates.js'
import { loadOrCreateJournalKey } from './journal-key.js'
import { JournalLock } from './lock.js'
import { encodeMeasurement } from './measurement-codec.js'
import { entryJournal } from './patient-entries.js'
import { BATCHES, DAMAGE } from './queries.js'
import { requeue } from './requeue.js'
import { settingsJournal } from './setting-changes.js'
import type { ClockStretch, Move, NewStretch } from './stretches.js'
import { openTables, type Tables, totalsOf } from './tables.js'
import { unlock } from './unlock.js'
import type { UnmappedBounds } from './unmapped.js'

export interface SqliteJournalOptions {
  /** The SQLite file; its folder is made (0700) when missing. */
  readonly path: string
  readonly lanes: readonly LaneRoute[]
  readonly clock: Clock
  readonly logger: Logger
  readonly commit: CommitBounds
  /** Room for messages that nobody could read; see `UNMAPPED_BOUNDS`. */
  readonly unmapped?: UnmappedBounds
  /** Damage was found while the journal is in use: nothing is written any more, stop and start again. */
  readonly onDamage?: () => void
}

/** The journal in one SQLite file: WAL, `synchronous=FULL` (a home has no UPS), one writing process. */
export class SqliteJournal implements Journal, Purgeable {
  readonly purgeRules: readonly PurgeRule[]
  readonly queue: QueueJournal
  readonly anchors = anchorJournal(() => this.#open.database)
  readonly hourly = hourlyStore(() => this.#open)
  readonly entries = entryJournal(() => this.#open)
  readonly settings = settingsJournal(() => this.#open)
  readonly unmapped: UnmappedJournal = {
    counts: () => this.#open.unmapped.counts(),
    latest: (limit) => this.#open.unmapped.latest(limit),
    after: (id, limit) => this.#open.unmapped.after(id, limit),
    isFull: () => this.#open.unmapped.isFull(),
    discard: (deviceId) => this.#open.unmapped.discard(deviceId),
  }
  readonly epochKeys: EpochKeyStore
  readonly clock: ClockJournal = {
    last: () => this.#open.stretches.last(),
    newestTrusted: () => this.#open.stretches.newestTrusted(),
    begin: (stretch, move) => this.#beginStretch(stretch, move ?? null),
    release: () => {
      this.#heldFrom = null
    },
    held: () => this.#held(),
  }
  readonly #options: SqliteJournalOptions
  readonly #heads: BatchHeads
  readonly #epochKeyCopy: LinesFile
  readonly #group: CommitGroup
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #queued = new Set<string>()
  #tables: Tables | null = null
  /** The first measurement that waits for the clock. */
  #heldFrom: number | null = null
  #moved: { readonly move: Move; readonly to: ClockStretch } | null = null
  #lock: JournalLock | null = null
  #damaged = false
  /** Asked after every commit: counted along, since SQLite would walk through all of them. */
  #unbatched = 0

  constructor(options: SqliteJournalOptions) {
    this.#options = options
    this.queue = this.#queueJournal()
    this.purgeRules = purgeRules({ tables: () => this.#open, lanes: options.lanes, logger: options.logger })
    this.#heads = new BatchHeads(options.path)
    this.#epochKeyCopy = epochKeyCopy(options.path)
    this.epochKeys = epochKeyStore(() => this.#open.database, this.#epochKeyCopy)
    this.#group = new CommitGroup(options.commit, options.clock, (commits) => this.#write(commits))
  }

  /**
   * A damaged journal does not keep the gateway from starting: it is set aside, and what can be read goes on.
   * @throws HomebeatError `journal.in-use`, `journal.newer-schema`, `journal.key-missing`, `journal.key-wrong`,
   * `journal.open-failed`, `secret.*`, …
   */
  async start(): Promise<void> {
    if (this.#tables) return
    const { path, logger } = this.#options
    this.#lock = lockJournal(path)
    const { afterCrash } = this.#lock
    try {
      const key = await loadOrCreateJournalKey(path)
      this.#tables = this.#openOrRecover(key, afterCrash)
      this.#unbatched = this.#tables.measurements.unbatchedCount()
    } catch (error) {
      this.#lock.release()
      this.#lock = null
      throw error
    }
    if (afterCrash) logger.warn('the gateway did not stop cleanly last time; the journal was recovered')
  }

  async stop(): Promise<void> {
    if (!this.#tables) return
    this.#group.flush()
    this.#tables.database.close()
    this.#tables = null
    this.#damaged = false
    this.#lock?.release()
    this.#lock = null
  }

  /** Not `async`: one promise for each commit is enough where thousands wait for the same write. */
  commit(commit: Commit): Promise<void> {
    if (!this.#tables) return Promise.reject(closed(this.#options.path))
    try {
      return this.#group.add(this.#encoded(commit))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #encoded(commit: Commit): EncodedCommit {
    const { notifications = [], digestItems = [], actions = [], unmapped = [], mapped = [] } = commit
    const { measurements, transitions } = this.#inTime(commit)
    const rows = measurements.map(encodeMeasurement)
    return { measurements: rows, transitions, notifications, digestItems, actions, unmapped, mapped }
  }

  async flush(): Promise<void> {
    this.#group.flush()
  }

  damages(): JournalDamage[] {
    return openDamages(this.#open.database)
  }

  /** A person has taken note of what was lost. @returns how many damages that were open */
  acceptDamage(): number {
    return this.#open.database.run(DAMAGE.accept, this.#options.clock.now()).changes
  }

  /** False after damage that took the last batch and the file of heads: nothing is closed before `continueFrom`. */
  headKnown(): boolean {
    return this.#open.database.get<{ count: number }>(DAMAGE.headUnknown)?.count === 0
  }

  /** @param anchored the last batch that the contract has of this gateway; null when it has none. */
  continueFrom(anchored: ChainHead | null): void {
    const { database, batches } = this.#open
    this.#transaction(() => {
      const last = batches.last()
      if (anchored && anchored.number > (last?.number ?? 0)) {
        const { number, gateway, previousRoot, root, time } = anchored
        database.run(BATCHES.insert, number, gateway, previousRoot, root, 0, time, time, 0, '', '', time)
      }
      database.run(DAMAGE.headKnown)
    })
  }

  unbatched(limit: number): Measurement[] {
    return this.#reading(({ measurements }) => measurements.unbatched(limit, this.#heldFrom ?? undefined))
  }

  unbatchedCount(): number {
    const { measurements } = this.#open
    return this.#heldFrom === null ? this.#unbatched : measurements.unbatchedCount(this.#heldFrom)
  }

  closeBatch(batch: ClosedBatch): void {
    const { batches } = this.#open
    if (!this.headKnown())
      throw new HomebeatError(
        'journal.head-unknown',
        'The journal was damaged and which batch was the last is not known yet: the chain is asked until it answers; readings are kept meanwhile.',
        { retry: 'transient' },
      )
    this.#transaction(
      () => {
        batches.insert(batch)
        this.#owe('batch', batch.header.number)
      },
      () => this.#keepHead(batch),
    )
    this.#unbatched -= batch.header.count
  }

  lastBatch(): BatchHeader | null {
    return this.#open.batches.last()
  }

  batch(number: number): ClosedBatch | null {
    return this.#reading(({ batches }) => batches.byNumber(number))
  }

  batchNumbers(): number[] {
    return this.#open.batches.numbers()
  }

  batchOf(identifier: string): number | null {
    return this.#open.measurements.batchOf(identifier)
  }

  hasMeasurement(identifier: string): boolean {
    return this.#open.measurements.has(identifier)
  }

  activeAlerts(): AlertTransition[] {
    return this.#reading(({ alerts }) => alerts.active())
  }

  transition(id: number): AlertTransition | null {
    return this.#reading(({ alerts }) => alerts.byId(id))
  }

  episode(alertId: string): AlertTransition[] {
    return this.#open.alerts.ofAlert(alertId)
  }

  episodeById(id: number): AlertTransition[] {
    return this.#open.alerts.ofEpisode(id)
  }

  notification(id: number): StoredNotification | null {
    return this.#open.notifications.byId(id)
  }

  notifications(alertId: string): Notification[] {
    return this.#open.notifications.ofAlert(alertId)
  }

  tellings(alertId: string): Told[] {
    return this.#open.notifications.tellings(alertId)
  }

  openDispatch(): OpenDispatch {
    return this.#open.notifications.open(this.#open.alerts.active())
  }

  actions(limit: number): AlarmAction[] {
    return this.#open.notifications.actions(limit)
  }

  alertDelivery(id: number): AlertDelivery | null {
    return this.#reading(({ alerts }) => alerts.deliveryById(id))
  }

  alertDeliveries(limit: number): AlertDelivery[] {
    return this.#reading(({ alerts }) => alerts.deliveries(limit))
  }

  transitions(limit: number): AlertTransition[] {
    return this.#reading(({ alerts }) => alerts.latest(limit))
  }

  claim(lane: Lane): OutboxEntry | null {
    return this.#open.outbox.claim(lane)
  }

  launch(entry: OutboxEntry): void {
    this.#open.outbox.launch(entry)
  }

  settle(entry: OutboxEntry, outcome: DeliveryOutcome, resources: number, nextAt?: number): void {
    const { outbox, alerts } = this.#open
    this.#transaction(() => {
      outbox.settle(entry, outcome, resources, nextAt)
      const owed = owedAfter(entry, outcome.class)
      if (owed === 'undelivered') this.#owe(owed, entry.ref)
      if (owed !== 'communication') return
      const delivery = alerts.insertDelivery(entry.ref, this.#options.clock.now())
      if (delivery !== null) this.#owe(owed, delivery)
    })
  }

  queueFlags(alertIds: readonly string[]): void {
    this.#transaction(() => {
      for (const alertId of alertIds) {
        const episode = this.#open.alerts.episodeId(alertId)
        if (episode !== null) this.#owe('flag', episode)
      }
    })
  }

  isFlagged(lane: Lane, alertId: string): boolean {
    const episode = this.#open.alerts.episodeId(alertId)
    return episode !== null && this.#open.outbox.has(lane, 'flag', episode)
  }

  onQueued(lane: Lane, listener: () => void): () => void {
    const key = laneKey(lane)
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  depths(): LaneDepth[] {
    return this.#open.outbox.depths()
  }

  formerDepths(): LaneDepth[] {
    return this.#open.outbox.formerDepths()
  }

  lanes(): Lane[] {
    return this.#open.outbox.lanes()
  }

  oldestUntold(lane: Lane, except: readonly string[]): number | null {
    return this.#open.outbox.oldestUntold(lane, except)
  }

  leafHashes(number: number): Hash32[] | null {
    return this.#open.batches.leafHashes(number)
  }

  leafSalts(number: number): string[] | null {
    return this.#open.batches.leafSalts(number)
  }

  size(): { used: number; free: number } {
    return this.#open.database.size()
  }

  giveBack(bytes: number): void {
    this.#open.database.giveBack(bytes)
  }

  totals(): JournalTotals {
    return totalsOf(this.#open)
  }

  #queueJournal(): QueueJournal {
    const queue = () => this.#open.queue
    return {
      list: (lane, state, limit) => queue().list(lane, state, limit),
      entry: (id) => queue().entry(id),
      audit: (id) => queue().audit(id),
      rejected: (lane) => queue().rejected(lane),
      retry: (ids, actor) => {
        return this.#transaction(() => {
          const entries = queue().retry(ids, actor)
          for (const { lane } of entries) this.#queued.add(laneKey(lane))
          return entries
        })
      },
      drop: (id, actor, reason, permissions) => {
        // A held lane may go on once what held it is gone.
        return this.#transaction(() => {
          const entry = queue().drop(id, actor, reason, permissions)
          this.#queued.add(laneKey(entry.lane))
          return entry
        })
      },
    }
  }

  #beginStretch(stretch: NewStretch, move: Move | null): ClockStretch {
    this.#group.flush()
    const { stretches } = this.#open
    this.#transaction(() => void stretches.begin(stretch, move))
    const to = stretches.last() as ClockStretch
    if (move) this.#moved = { move, to }
    this.#heldFrom = to.trusted ? null : stretches.firstUnset()
    return to
  }

  #held(): number {
    const { measurements } = this.#open
    return this.#heldFrom === null ? 0 : measurements.unbatchedCount() - measurements.unbatchedCount(this.#heldFrom)
  }

  /** What the disk refused for so long that its time is known by now. */
  #inTime(commit: Commit): Commit {
    const moved = this.#moved
    if (!commit.provisional || !moved) return commit
    const { move, to } = moved
    return {
      measurements: commit.measurements.map((one) => move.measurement(one, to) ?? one),
      transitions: commit.transitions.map((one) => {
        const raisedAt = one.state === 'active' ? one.raisedAt + move.byMs : one.raisedAt
        return { ...one, raisedAt, at: Math.max(one.at + move.byMs, raisedAt) }
      }),
    }
  }

  get #open(): Tables {
    if (!this.#tables) throw closed(this.#options.path)
    return this.#tables
  }

  #openOrRecover(key: Uint8Array, suspect: boolean): Tables {
    const { path, clock, logger } = this.#options
    const pending = pendingRecovery(path) ?? this.#lookForDamage(suspect)
    if (pending) recover(path, pending, key, this.#heads, logger)
    try {
      return this.#openTables(key, suspect && !pending, pending !== null)
    } catch (error) {
      if (pending || !(error instanceof HomebeatError) || !isDamage(error)) throw error
      const found = requestRecovery(path, reasonOf(error), clock.now())
      recover(path, found, key, this.#heads, logger)
      return this.#openTables(key, false, true)
    }
  }

  /** What SQLite would take for an empty or shorter journal without a word. */
  #lookForDamage(suspect: boolean): Recovery | null {
    const { path, clock } = this.#options
    const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (size(path) === 0 && size(`${path}-wal`) > 0)
      return requestRecovery(path, 'the file is empty, its log is not', clock.now())
    if (suspect && logIsDamaged(path)) return requestRecovery(path, 'the log is damaged before its end', clock.now())
    return null
  }

  #openTables(key: Uint8Array, suspect: boolean, recovered: boolean): Tables {
    const { path, lanes, clock, logger } = this.#options
    const database = Database.openWriter(path, suspect)
    try {
      const tables = openTables(database, unlock(database, key, logger), clock, this.#options.unmapped)
      this.#compareHeads(tables)
      reconcileEpochKeys(database, this.#epochKeyCopy)
      tables.outbox.recover(lanes.map(({ lane }) => lane))
      if (!recovered) catchUp(tables, lanesOwed(lanes, 'batch'), logger)
      if (recovered) requeue(tables, lanes, clock.now())
      database.onDamage = (error) => this.#found(error)
      return tables
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** The file of heads knows of a later batch: commits that were told to be durable are lost. */
  #compareHeads({ batches, database }: Tables): void {
    const stored = batches.last()?.number ?? 0
    const kept = this.#heads.last()?.header.number ?? 0
    if (kept > stored)
      throw damaged(database.path, new Error(`batch ${kept} was closed, the last one in it is ${stored}`))
    this.#heads.trim()
    this.#heads.append(...batches.headsAfter(kept))
  }

  #keepHead(batch: ClosedBatch): void {
    try {
      this.#heads.append(batch)
    } catch (error) {
      // The batch is durable; the next start writes its head again.
      this.#options.logger.error(
        { err: error, batch: batch.header.number },
        'the head of a batch could not be kept apart',
      )
    }
  }

  #reading<Result>(read: (tables: Tables) => Result): Result {
    try {
      return read(this.#open)
    } catch (error) {
      if (!(error instanceof HomebeatError) || error.code !== 'journal.altered') throw error
      const found = damaged(this.#options.path, error)
      this.#found(found)
      throw found
    }
  }

  /** Nothing more is written into a damaged file; the next start sets it aside. */
  #found(error: HomebeatError): void {
    if (this.#damaged) return
    this.#damaged = true
    this.#tables?.database.freeze(error)
    const { path, clock, logger, onDamage } = this.#options
    logger.error({ err: error }, 'the journal is damaged: the gateway has to start again')
    try {
      requestRecovery(path, reasonOf(error), clock.now())
    } catch (cause) {
      logger.error({ err: cause }, 'the damage could not be noted down')
    }
    onDamage?.()
  }

  #write(commits: readonly EncodedCommit[]): void {
    const { measurements, alerts, notifications, unmapped } = this.#open
    let stored = 0
    this.#transaction(() => {
      for (const commit of commits) {
        stored += measurements.insert(commit.measurements)
        unmapped.insert(commit.unmapped)
        unmapped.markMapped(commit.mapped, this.#options.clock.now())
        for (const transition of commit.transitions) {
          const id = alerts.insert(transition)
          if (id !== null) this.#owe('alert', id)
        }
        for (const item of commit.digestItems) notifications.addDigestItem(item)
        for (const notification of commit.notifications) {
          const id = notifications.insert(notification)
          if (id !== null) this.#owe('notification', id, notification)
        }
        for (const action of commit.actions) notifications.addAction(action)
      }
    })
    this.#unbatched += stored
  }

  #owe(kind: OutboxKind, ref: number, recipient?: Recipient): void {
    for (const lane of lanesOwed(this.#options.lanes, kind, recipient)) {
      this.#open.outbox.add(lane, kind, ref)
      this.#queued.add(laneKey(lane))
    }
  }

  /** A transaction, then, once durable, a call to those who wait for what it queued. */
  #transaction<Result>(action: () => Result, onceDurable: () => void = () => {}): Result {
    this.#queued.clear()
    const result = this.#open.database.transaction(action)
    onceDurable()
    const lanes = [...this.#queued]
    this.#queued.clear()
    for (const lane of lanes) {
      for (const listener of this.#listeners.get(lane) ?? []) {
        try {
          listener()
        } catch (error) {
          // What is durable stays so; a listener's trouble is not the committer's.
          this.#options.logger.error({ err: error, lane }, 'a lane could not be woken')
        }
      }
    }
    return result
  }
}

/** Gives lanes that are new, or were away, the batches closed without them: those still held, in order. */
function catchUp({ database, batches, outbox }: Tables, lanes: readonly Lane[], logger: Logger): void {
  for (const lane of lanes) {
    const owed = batches.owedTo(lane)
    if (owed.length === 0) continue
    database.transaction(() => {
      for (const number of owed) outbox.add(lane, 'batch', number)
    })
    logger.info({ lane: laneKey(lane), batches: owed.length }, 'a lane gets the batches that were closed without it')
  }
}

function lockJournal(path: string): JournalLock {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return JournalLock.acquire(path)
  } catch (error) {
    throw journalError(error, path, 'open')
  }
}

function reasonOf(error: HomebeatError): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}

function closed(path: string): HomebeatError {
  return new HomebeatError('journal.closed', `The journal ${path} is closed: start it first.`)
}
