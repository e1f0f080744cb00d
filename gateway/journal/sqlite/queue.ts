import type { DropPermissions, QueueAudit, QueuedEntry, QueueStore } from '#gateway/journal/api/queue.js'
import { type Lane, laneKey, laneOf } from '#gateway/model/lane.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Database } from './database.js'
import type { Keyed } from './outbox.js'
import { ANCHORS, BATCHES, OUTBOX, QUEUE } from './queries.js'
import type { WakingTransactions } from './waking-transactions.js'

/** A row; `resources` is what the lane's count of refused ones holds of it. */
type QueueRow = Keyed<QueuedEntry> & { readonly resources: number }

/** The outbox as people look into it and mend it; every change leaves an audit row in the same transaction. */
export class OutboxQueue implements QueueStore {
  readonly #database: Database
  readonly #clock: Clock
  readonly #transactions: WakingTransactions

  constructor(database: Database, clock: Clock, transactions: WakingTransactions) {
    this.#database = database
    this.#clock = clock
    this.#transactions = transactions
  }

  list(lane: Lane | null, state: 'waiting' | 'rejected', limit: number): QueuedEntry[] {
    const keys = lane === null ? this.#lanes().map(({ key }) => key) : [laneKey(lane)]
    const entries: QueuedEntry[] = []
    for (const key of keys) {
      if (entries.length >= limit) break
      entries.push(...this.#database.all<QueueRow>(QUEUE[state], key, limit - entries.length).map(toEntry))
    }
    return entries
  }

  entry(id: number): QueuedEntry | null {
    const row = this.#row(id)
    return row && toEntry(row)
  }

  audit(id: number): QueueAudit[] {
    return this.#database.all<QueueAudit>(QUEUE.audit, id)
  }

  rejected(lane: Lane): number[] {
    return this.#database.all<{ id: number }>(OUTBOX.allRejected, laneKey(lane)).map(({ id }) => id)
  }

  retry(ids: readonly number[], actor: string): QueuedEntry[] {
    return this.#transactions.run(() => {
      const entries = ids.map((id) => this.#retry(id, actor))
      for (const { lane } of entries) this.#transactions.wake(lane)
      return entries
    })
  }

  drop(id: number, actor: string, reason: string, permissions: DropPermissions): QueuedEntry {
    return this.#transactions.run(() => {
      const row = this.#found(id)
      this.#checkDrop(row, permissions)
      this.#drop(row, actor, reason)
      const entry = toEntry(this.#found(id))
      // A held lane may go on once what held it is gone.
      this.#transactions.wake(entry.lane)
      return entry
    })
  }

  /**
   * Retention's: what lanes of an earlier configuration were still owed of a batch whose content goes now.
   * Call inside a transaction. @returns how many
   */
  dropFormer(batch: number, reason: string): number {
    let dropped = 0
    for (const { key, configured } of this.#lanes()) {
      if (configured === 1) continue
      for (const row of this.#database.all<QueueRow>(QUEUE.ofBatch, key, batch)) {
        if (row.state === 'delivered' || row.state === 'dropped') continue
        this.#drop(row, 'retention', reason)
        dropped++
      }
    }
    return dropped
  }

  #retry(id: number, actor: string): QueuedEntry {
    const row = this.#found(id)
    if (row.state === 'delivered') throw delivered(row)
    if (!this.#lanes().some(({ key, configured }) => key === row.lane && configured === 1))
      throw new HomebeatError(
        'queue.lane',
        `Entry ${id} belongs to ${row.lane}, which the configuration does not have: put it back there and restart.`,
      )
    // A waiting entry needs no change: the lane is woken all the same.
    if (row.state !== 'rejected' && row.state !== 'dropped') return toEntry(row)
    if (row.kind === 'batch' && laneOf(row.lane).kind !== 'anchor' && this.#isPurged(row.ref))
      throw new HomebeatError('queue.purged', `Batch ${row.ref} is not held any more: there is nothing left to send.`)
    const rejected = row.state === 'rejected'
    this.#database.run(QUEUE.requeue, id)
    this.#database.run(QUEUE.recount, rejected ? -1 : 0, rejected ? 0 : -1, rejected ? -row.resources : 0, row.lane)
    this.#record(row, 'retry', actor, null)
    return toEntry(this.#found(id))
  }

  #checkDrop(row: QueueRow, { waiting, undeliveredAlert }: DropPermissions): void {
    const { id, lane, kind, ref, state } = row
    if (state === 'delivered') throw delivered(row)
    if (state === 'dropped') throw new HomebeatError('queue.dropped', `Entry ${id} is dropped already.`)
    if (state === 'inflight')
      throw new HomebeatError('queue.inflight', `Entry ${id} is being delivered at this moment: try again.`)
    if (laneOf(lane).kind === 'anchor' && !this.#isAnchored(ref))
      throw new HomebeatError(
        'queue.anchor',
        `Batch ${ref} is not on the chain, and no later batch can be anchored without it: it cannot be dropped. Mend the cause, then: homebeat queue retry ${id}`,
      )
    if (state !== 'rejected' && !waiting)
      throw new HomebeatError(
        'queue.waiting',
        `Entry ${id} was not refused, it waits to be delivered: add --waiting to drop it all the same.`,
      )
    if ((kind === 'alert' || kind === 'notification') && !undeliveredAlert)
      throw new HomebeatError(
        'queue.alert',
        `Entry ${id} is an alert that ${lane} was not told: add --undelivered-alert to drop it all the same.`,
      )
  }

  #drop(row: QueueRow, actor: string, reason: string): void {
    this.#database.run(QUEUE.drop, this.#clock.now(), row.id, row.state)
    const rejected = row.state === 'rejected'
    this.#database.run(QUEUE.recount, rejected ? -1 : 0, 1, 0, row.lane)
    this.#record(row, 'drop', actor, reason)
  }

  #record(row: QueueRow, action: QueueAudit['action'], actor: string, reason: string | null): void {
    this.#database.run(QUEUE.addAudit, row.id, action, actor, this.#clock.now(), reason, row.reason)
  }

  /** On the chain is also what a later anchor stands on. */
  #isAnchored(batch: number): boolean {
    const last = this.#database.get<{ batchNumber: number }>(ANCHORS.lastReceipt)
    return last !== undefined && last.batchNumber >= batch
  }

  #isPurged(batch: number): boolean {
    return (this.#database.get<{ purged: number }>(BATCHES.proofs, batch)?.purged ?? 0) > 0
  }

  #lanes(): { key: string; configured: number }[] {
    return this.#database.all(OUTBOX.lanes)
  }

  #row(id: number): QueueRow | null {
    return this.#database.get<QueueRow>(QUEUE.entry, id) ?? null
  }

  #found(id: number): QueueRow {
    const row = this.#row(id)
    if (!row) throw new HomebeatError('queue.not-found', `There is no entry ${id}: homebeat queue list shows them.`)
    return row
  }
}

function toEntry({ resources: _, ...entry }: QueueRow): QueuedEntry {
  return { ...entry, lane: laneOf(entry.lane) }
}

function delivered({ id, lane }: QueueRow): HomebeatError {
  return new HomebeatError('queue.delivered', `Entry ${id} was delivered to ${lane}: there is nothing to do.`)
}
