import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Measurement } from '#fhir/measurement.js'
import type { AlertTransition } from '#gateway/alerts/alert.js'
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
import type { AlertDelivery, Commit, Journal, JournalTotals, LaneDepth, OutboxEntry } from './journal.js'
import { JournalLock } from './lock.js'
import { encodeMeasurement } from './measurement-codec.js'
import { openTables, type Tables, totalsOf } from './tables.js'

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
}

/** The journal in one SQLite file: WAL, `synchronous=FULL` (a home has no UPS), one writing process. */
export class SqliteJournal implements Journal {
  readonly anchors = anchorJournal(() => this.#open.database)
  readonly epochKeys = epochKeyStore(() => this.#open.database)
  readonly #options: SqliteJournalOptions
  readonly #group: CommitGroup
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #queued = new Set<string>()
  #tables: Tables | null = null
  #lock: JournalLock | null = null
  /** Asked after every commit: counted along, since SQLite would walk through all of them. */
  #unbatched = 0

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
      const tables = openTables(database, clock)
      tables.outbox.recover([
        ...lanes.fhir.map(({ name }) => `fhir:${name}`),
        ...lanes.alert.map((name) => `alert:${name}`),
        ...lanes.anchor.map((name) => `anchor:${name}`),
      ])
      this.#unbatched = tables.measurements.unbatchedCount()
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
    return this.#group.add({ measurements, transitions: commit.transitions })
  }

  async flush(): Promise<void> {
    this.#group.flush()
  }

  unbatched(limit: number): Measurement[] {
    return this.#open.measurements.unbatched(limit)
  }

  unbatchedCount(): number {
    if (!this.#tables) throw closed(this.#options.path)
    return this.#unbatched
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
    this.#unbatched -= batch.header.count
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
      if (outcome.class !== 'delivered' || entry.kind !== 'alert' || !entry.lane.startsWith('alert:')) return
      const channel = entry.lane.slice('alert:'.length)
      const delivery = alerts.insertDelivery(entry.ref, channel, this.#options.clock.now())
      if (delivery !== null) this.#queueAlert('communication', delivery, [])
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
    const { measurements, alerts } = this.#open
    let stored = 0
    this.#transaction(() => {
      for (const commit of commits) {
        stored += measurements.insert(commit.measurements)
        for (const transition of commit.transitions) {
          const id = alerts.insert(transition)
          if (id !== null) this.#queueAlert('alert', id, this.#options.lanes.alert)
        }
      }
    })
    this.#unbatched += stored
  }

  /** One entry for each of these alert channels and for each fhir lane that wants alerts. */
  #queueAlert(kind: 'alert' | 'communication', ref: number, channels: readonly string[]): void {
    const fhir = this.#options.lanes.fhir.filter(({ alerts }) => alerts)
    for (const lane of [...channels.map((name) => `alert:${name}`), ...fhir.map(({ name }) => `fhir:${name}`)]) {
      this.#open.outbox.add(lane, kind, ref)
      this.#queued.add(lane)
    }
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
