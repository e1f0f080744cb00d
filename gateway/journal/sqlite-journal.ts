import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Measurement } from '#fhir/measurement.js'
import type { AlertTransition } from '#gateway/alerts/alert.js'
import type { OpenDispatch } from '#gateway/alerts/dispatch/dispatcher.js'
import type { Notification } from '#gateway/alerts/dispatch/notification.js'
import type { BatchHeader, ClosedBatch } from '#gateway/anchoring/batch.js'
import type { DeliveryOutcome } from '#gateway/lanes/outcome.js'
import type { Clock } from '#gateway/runtime/clock.js'
import { HomebeatError } from '#gateway/runtime/errors.js'
import type { Logger } from '#gateway/runtime/logger.js'
import { anchorJournal } from './anchors.js'
import { type CommitBounds, CommitGroup, type EncodedCommit } from './commit.js'
import { Database } from './database.js'
import { epochKeyStore } from './epoch-keys.js'
import { journalError } from './errors.js'
import { hourlyStore } from './hourly-aggregates.js'
import type {
  AlarmAction,
  AlertDelivery,
  Commit,
  Journal,
  JournalTotals,
  LaneDepth,
  OutboxEntry,
  OutboxKind,
  StoredNotification,
  UnmappedJournal,
} from './journal.js'
import { JournalLock } from './lock.js'
import { encodeMeasurement } from './measurement-codec.js'
import { entryJournal } from './patient-entries.js'
import { settingsJournal } from './setting-changes.js'
import { openTables, type Tables, totalsOf } from './tables.js'
import type { UnmappedBounds } from './unmapped.js'

export interface JournalLanes {
  /** `alerts`: the target also gets DetectedIssue and Communication. Names without the `fhir:` prefix. */
  readonly fhir: readonly { readonly name: string; readonly alerts: boolean }[]
  readonly alert: readonly string[]
  readonly anchor: readonly string[]
}

export interface SqliteJournalOptions {
  /** The SQLite file; its folder is made (0700) when missing. */
  readonly path: string
  readonly lanes: JournalLanes
  readonly clock: Clock
  readonly logger: Logger
  readonly commit: CommitBounds
  /** Room for messages that nobody could read; see `UNMAPPED_BOUNDS`. */
  readonly unmapped?: UnmappedBounds
}

/** The journal in one SQLite file: WAL, `synchronous=FULL` (a home has no UPS), one writing process. */
export class SqliteJournal implements Journal {
  readonly anchors = anchorJournal(() => this.#open.database)
  readonly epochKeys = epochKeyStore(() => this.#open.database)
  readonly hourly = hourlyStore(() => this.#open.database)
  readonly entries = entryJournal(() => this.#open.database)
  readonly settings = settingsJournal(() => this.#open.database)
  readonly unmapped: UnmappedJournal = {
    counts: () => this.#open.unmapped.counts(),
    latest: (limit) => this.#open.unmapped.latest(limit),
    after: (id, limit) => this.#open.unmapped.after(id, limit),
    isFull: () => this.#open.unmapped.isFull(),
    discard: (deviceId) => this.#open.unmapped.discard(deviceId),
  }
  readonly #options: SqliteJournalOptions
  readonly #group: CommitGroup
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #queued = new Set<string>()
  #tables: Tables | null = null
  #lock: JournalLock | null = null

  constructor(options: SqliteJournalOptions) {
    this.#options = options
    this.#group = new CommitGroup(options.commit, options.clock, (commits) => this.#write(commits))
  }

  /** @throws HomebeatError `journal.in-use`, `journal.newer-schema`, `journal.damaged`, `journal.open-failed`, … */
  async start(): Promise<void> {
    if (this.#tables) return
    const { path, lanes, clock, logger } = this.#options
    this.#lock = lockJournal(path)
    const { afterCrash } = this.#lock
    let database: Database | null = null
    try {
      database = Database.openWriter(path, afterCrash)
      const tables = openTables(database, clock, this.#options.unmapped)
      tables.outbox.recover([
        ...lanes.fhir.map(({ name }) => `fhir:${name}`),
        ...lanes.alert.map((name) => `alert:${name}`),
        ...lanes.anchor.map((name) => `anchor:${name}`),
      ])
      this.#tables = tables
    } catch (error) {
      database?.close()
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
    this.#lock?.release()
    this.#lock = null
  }

  async commit(commit: Commit): Promise<void> {
    if (!this.#tables) throw closed(this.#options.path)
    const measurements = commit.measurements.map(encodeMeasurement)
    const { transitions, notifications = [], digestItems = [], actions = [], unmapped = [], mapped = [] } = commit
    return this.#group.add({ measurements, transitions, notifications, digestItems, actions, unmapped, mapped })
  }

  async flush(): Promise<void> {
    this.#group.flush()
  }

  unbatched(limit: number): Measurement[] {
    return this.#open.measurements.unbatched(limit)
  }

  unbatchedCount(): number {
    return this.#open.measurements.unbatchedCount()
  }

  closeBatch(batch: ClosedBatch): void {
    const { batches, outbox } = this.#open
    const { fhir, anchor } = this.#options.lanes
    this.#transaction(() => {
      batches.insert(batch)
      for (const lane of [...fhir.map(({ name }) => `fhir:${name}`), ...anchor.map((name) => `anchor:${name}`)]) {
        outbox.add(lane, 'batch', batch.header.number)
        this.#queued.add(lane)
      }
    })
  }

  lastBatch(): BatchHeader | null {
    return this.#open.batches.last()
  }

  batch(number: number): ClosedBatch | null {
    return this.#open.batches.byNumber(number)
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
    return this.#open.alerts.active()
  }

  transition(id: number): AlertTransition | null {
    return this.#open.alerts.byId(id)
  }

  episode(alertId: string): AlertTransition[] {
    return this.#open.alerts.ofAlert(alertId)
  }

  notification(id: number): StoredNotification | null {
    return this.#open.notifications.byId(id)
  }

  notifications(alertId: string): Notification[] {
    return this.#open.notifications.ofAlert(alertId)
  }

  openDispatch(): OpenDispatch {
    return this.#open.notifications.open(this.#open.alerts.active())
  }

  actions(limit: number): AlarmAction[] {
    return this.#open.notifications.actions(limit)
  }

  alertDelivery(id: number): AlertDelivery | null {
    return this.#open.alerts.deliveryById(id)
  }

  alertDeliveries(limit: number): AlertDelivery[] {
    return this.#open.alerts.deliveries(limit)
  }

  transitions(limit: number): AlertTransition[] {
    return this.#open.alerts.latest(limit)
  }

  claim(lane: string): OutboxEntry | null {
    return this.#open.outbox.claim(lane)
  }

  launch(entry: OutboxEntry): void {
    this.#open.outbox.launch(entry)
  }

  settle(entry: OutboxEntry, outcome: DeliveryOutcome, resources: number, nextAt?: number): void {
    const { outbox, alerts } = this.#open
    this.#transaction(() => {
      outbox.settle(entry, outcome, resources, nextAt)
      if (outcome.class !== 'delivered' || entry.kind !== 'notification' || !entry.lane.startsWith('alert:')) return
      const delivery = alerts.insertDelivery(entry.ref, this.#options.clock.now())
      if (delivery !== null) this.#queueForFhir('communication', delivery)
    })
  }

  onQueued(lane: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(lane) ?? new Set()
    this.#listeners.set(lane, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  depths(): LaneDepth[] {
    return this.#open.outbox.depths()
  }

  totals(): JournalTotals {
    return totalsOf(this.#open)
  }

  get #open(): Tables {
    if (!this.#tables) throw closed(this.#options.path)
    return this.#tables
  }

  #write(commits: readonly EncodedCommit[]): void {
    const { measurements, alerts, notifications, unmapped } = this.#open
    const channels = new Set(this.#options.lanes.alert)
    this.#transaction(() => {
      for (const commit of commits) {
        measurements.insert(commit.measurements)
        unmapped.insert(commit.unmapped)
        unmapped.markMapped(commit.mapped, this.#options.clock.now())
        for (const transition of commit.transitions) {
          const id = alerts.insert(transition)
          if (id !== null) this.#queueForFhir('alert', id)
        }
        for (const item of commit.digestItems) notifications.addDigestItem(item)
        for (const notification of commit.notifications) {
          const id = notifications.insert(notification)
          if (id === null || !channels.has(notification.channel)) continue
          this.#queue(`alert:${notification.channel}`, 'notification', id)
        }
        for (const action of commit.actions) notifications.addAction(action)
      }
    })
  }

  /** For each fhir lane that wants alerts. */
  #queueForFhir(kind: 'alert' | 'communication', ref: number): void {
    for (const { name, alerts } of this.#options.lanes.fhir) if (alerts) this.#queue(`fhir:${name}`, kind, ref)
  }

  #queue(lane: string, kind: OutboxKind, ref: number): void {
    this.#open.outbox.add(lane, kind, ref)
    this.#queued.add(lane)
  }

  /** A transaction, then, once durable, a call to those who wait for what it queued. */
  #transaction(action: () => void): void {
    this.#queued.clear()
    this.#open.database.transaction(action)
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

function closed(path: string): HomebeatError {
  return new HomebeatError('journal.closed', `The journal ${path} is closed: start it first.`)
}
