import type { LaneDepth, OutboxEntry, OutboxKind, OutboxState, OutboxStore } from '#gateway/journal/api/outbox.js'
import { type LaneRoute, lanesOwed, owedAfter } from '#gateway/journal/routing.js'
import { isLaneKey, type Lane, laneKey, laneOf, type Recipient } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { AlertLog } from './alert-log.js'
import type { Database } from './database.js'
import { OUTBOX } from './queries.js'
import type { WakingTransactions } from './waking-transactions.js'

/** Reasons are for people and for status; a far end that writes novels is cut here. */
const MAX_REASON = 300

/** A row as SQLite gives it: the lane by its key. */
export type Keyed<Row extends { readonly lane: Lane }> = Omit<Row, 'lane'> & { readonly lane: string }

interface DepthRow extends Keyed<LaneDepth> {
  /** State of the oldest waiting entry; null: nothing waits. */
  readonly head: OutboxState | null
}

const HEAD_STATES: Partial<Record<OutboxState, NonNullable<LaneDepth['state']>>> = {
  inflight: 'delivering',
  failed: 'retrying',
}

/**
 * What each lane owes, strictly in order of being queued. A claim is kept in memory alone: were it on disk, a crash
 * would have to undo it, and writing it would cost the card a sync. `launch` and `settle` are durable.
 */
export class Outbox implements OutboxStore {
  readonly #database: Database
  readonly #clock: Clock
  readonly #claims = new Map<string, number>()
  /** One at a time in each lane, also when an older entry is put back meanwhile. */
  readonly #inflight = new Map<string, number>()
  /** Inflight entries of which another content is owed by now. */
  readonly #outdated = new Set<number>()
  readonly #alerts: AlertLog
  readonly #transactions: WakingTransactions
  readonly #routes: readonly LaneRoute[]

  constructor(
    database: Database,
    clock: Clock,
    alerts: AlertLog,
    transactions: WakingTransactions,
    routes: readonly LaneRoute[],
  ) {
    this.#database = database
    this.#clock = clock
    this.#alerts = alerts
    this.#transactions = transactions
    this.#routes = routes
  }

  /** Makes the configured lanes known, and says what a crash left: claimed never began, inflight is ambiguous. */
  recover(): void {
    this.#claims.clear()
    this.#inflight.clear()
    this.#database.transaction(() => {
      this.#database.run(OUTBOX.forgetLanes)
      for (const { lane } of this.#routes) this.#database.run(OUTBOX.addLane, laneKey(lane))
      nameLanes(this.#database)
      for (const { lane } of this.#routes) if (lane.kind === 'fhir-alert') this.#takeOver(lane)
      this.#database.run(OUTBOX.requeueClaimed)
      this.#database.run(OUTBOX.recoverInflight)
    })
  }

  /** What a target's one lane of before owes about alerts goes on in their own, rejected and delivered entries too. */
  #takeOver(lane: Lane): void {
    const [to, from] = [laneKey(lane), laneKey({ ...lane, kind: 'fhir' })]
    if (this.#database.run(OUTBOX.takeOver, to, from).changes === 0) return
    for (const key of [from, to]) this.#database.run(OUTBOX.recount, key)
  }

  /** Call inside a transaction. */
  add(lane: Lane, kind: OutboxKind, ref: number): void {
    this.#database.run(OUTBOX.add, laneKey(lane), kind, ref, this.#clock.now())
    this.#transactions.wake(lane)
  }

  /** To all lanes that take it. Call inside a transaction. @param recipient of a notification */
  owe(kind: OutboxKind, ref: number, recipient?: Recipient): void {
    for (const lane of lanesOwed(this.#routes, kind, recipient)) this.add(lane, kind, ref)
  }

  /** Every lane is owed a batch under its new number, whatever it got under the old. Call inside a transaction. */
  renumber(number: number, to: number): void {
    for (const { key } of this.#database.all<{ key: string }>(OUTBOX.lanes)) {
      const entry = this.#database.get<{ id: number; state: OutboxState }>(OUTBOX.ofBatch, key, number)
      if (!entry) continue
      const { id, state } = entry
      if (state === 'inflight') this.#outdated.add(id)
      const kept = state === 'inflight' || state === 'dropped' ? state : 'queued'
      this.#database.run(OUTBOX.renumber, to, kept, kept, id)
      if (isLaneKey(key)) this.#transactions.wake(laneOf(key))
      if (state === 'rejected') this.#database.run(OUTBOX.recount, key)
    }
  }

  queueFlags(alertIds: readonly string[]): void {
    this.#transactions.run(() => {
      for (const alertId of alertIds) {
        const episode = this.#alerts.episodeId(alertId)
        if (episode !== null) this.owe('flag', episode)
      }
    })
  }

  isFlagged(lane: Lane, alertId: string): boolean {
    const episode = this.#alerts.episodeId(alertId)
    return episode !== null && this.#database.get(OUTBOX.find, laneKey(lane), 'flag', episode) !== undefined
  }

  onQueued(lane: Lane, listener: () => void): () => void {
    return this.#transactions.onQueued(lane, listener)
  }

  claim(lane: Lane): OutboxEntry | null {
    const key = laneKey(lane)
    const head = this.#database.get<Keyed<OutboxEntry>>(OUTBOX.head, key)
    const inflight = this.#inflight.get(key) ?? (head?.state === 'inflight' ? head.id : undefined)
    if (inflight !== undefined)
      throw outOfOrder({ id: inflight, lane }, 'is being delivered: settle it before claiming the next')
    if (!head || this.#isHeld(lane, head.id)) return null
    this.#claims.set(key, head.id)
    return { ...head, lane, state: 'claimed' }
  }

  launch(entry: OutboxEntry): void {
    const key = laneKey(entry.lane)
    if (this.#claims.get(key) !== entry.id) throw outOfOrder(entry, 'is not claimed')
    if (this.#database.run(OUTBOX.launch, entry.id).changes !== 1) throw outOfOrder(entry, 'is not waiting')
    this.#claims.delete(key)
    this.#inflight.set(key, entry.id)
  }

  settle(entry: OutboxEntry, delivery: DeliveryOutcome, resources: number, nextAt?: number): void {
    const again: DeliveryOutcome = { class: 'transient', reason: 'the batch got another number meanwhile' }
    const outcome = this.#outdated.has(entry.id) ? again : delivery
    this.#transactions.run(() => {
      this.#record(entry, outcome, resources, nextAt)
      const owed = owedAfter(entry, outcome.class)
      if (owed === null) return
      const ref = owed === 'communication' ? this.#alerts.insertDelivery(entry.ref, this.#clock.now()) : entry.ref
      if (ref !== null) this.owe(owed, ref)
    })
    this.#outdated.delete(entry.id)
  }

  /** Throws when the entry is not inflight, so nothing is counted twice. */
  #record(entry: OutboxEntry, outcome: DeliveryOutcome, resources: number, nextAt: number | undefined): void {
    const delivered = outcome.class === 'delivered'
    const rejected = outcome.class === 'permanent'
    const { changes } = this.#database.run(
      OUTBOX.settle,
      delivered ? 'delivered' : rejected ? 'rejected' : 'failed',
      delivered || rejected ? this.#clock.now() : null,
      delivered ? null : outcome.reason.slice(0, MAX_REASON),
      delivered || rejected ? null : (nextAt ?? null),
      resources,
      entry.id,
    )
    if (changes !== 1) throw outOfOrder(entry, 'is not being delivered')
    const key = laneKey(entry.lane)
    this.#inflight.delete(key)
    if (delivered) this.#database.run(OUTBOX.count, 1, 0, resources, 0, key)
    if (rejected) this.#database.run(OUTBOX.count, 0, 1, 0, resources, key)
  }

  depths(): LaneDepth[] {
    return this.#database.all<DepthRow>(OUTBOX.depths).map((row) => this.#withState(row))
  }

  formerDepths(): LaneDepth[] {
    const rows = this.#database.all<DepthRow>(OUTBOX.formerDepths)
    return rows.filter(({ depth, rejected }) => depth > 0 || rejected > 0).map((row) => this.#withState(row))
  }

  lanes(): Lane[] {
    return this.#database.all<{ key: string }>(OUTBOX.lanes).map(({ key }) => laneOf(key))
  }

  oldestUntold(lane: Lane, except: readonly string[]): number | null {
    const asked = [laneKey(lane), JSON.stringify(except)] as const
    const waiting = this.#database.get<{ createdAt: number }>(OUTBOX.untoldWaiting, ...asked)
    const rejected = this.#database.get<{ createdAt: number }>(OUTBOX.untoldRejected, ...asked)
    const times = [waiting, rejected].flatMap((row) => (row ? [row.createdAt] : []))
    return times.length === 0 ? null : Math.min(...times)
  }

  #withState({ head, lane: key, ...rest }: DepthRow): LaneDepth {
    const depth = { ...rest, lane: laneOf(key) }
    if (this.#isHeld(depth.lane, Number.POSITIVE_INFINITY)) return { ...depth, state: 'held' }
    return { ...depth, state: head === null ? 'idle' : (HEAD_STATES[head] ?? 'waiting') }
  }

  /** The contract takes the next batch only: behind an anchor that was refused for good, none can follow. */
  #isHeld(lane: Lane, before: number): boolean {
    if (lane.kind !== 'anchor') return false
    const rejected = this.#database.get<{ id: number }>(OUTBOX.firstRejected, laneKey(lane))
    return rejected !== undefined && rejected.id < before
  }
}

/** Gives lanes that are known by their key alone, as an earlier schema wrote them, their parts. */
export function nameLanes(database: Database): void {
  for (const { key } of database.all<{ key: string }>(OUTBOX.unnamedLanes)) {
    // A damaged file may have held anything; such a lane is never configured.
    if (!isLaneKey(key)) continue
    const { kind, name, contact } = laneOf(key)
    database.run(OUTBOX.nameLane, kind, name, contact ?? null, key)
  }
}

function outOfOrder(entry: Pick<OutboxEntry, 'id' | 'lane'>, reason: string): HomebeatError {
  return new HomebeatError('journal.outbox-order', `Entry ${entry.id} of lane ${laneKey(entry.lane)} ${reason}.`)
}
