import type { LaneDepth, OutboxEntry, OutboxKind, OutboxState } from '#gateway/journal/api/journal.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Database } from './database.js'
import { OUTBOX } from './queries.js'

/** Reasons are for people and for status; a far end that writes novels is cut here. */
const MAX_REASON = 300

interface DepthRow extends LaneDepth {
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
export class Outbox {
  readonly #database: Database
  readonly #clock: Clock
  readonly #claims = new Map<string, number>()
  /** One at a time in each lane, also when an older entry is put back meanwhile. */
  readonly #inflight = new Map<string, number>()

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Makes the configured lanes known, and says what a crash left: claimed never began, inflight is ambiguous. */
  recover(lanes: readonly string[]): void {
    this.#database.transaction(() => {
      this.#database.run(OUTBOX.forgetLanes)
      for (const lane of lanes) this.#database.run(OUTBOX.addLane, lane)
      this.#database.run(OUTBOX.requeueClaimed)
      this.#database.run(OUTBOX.recoverInflight)
    })
  }

  /** Call inside a transaction. */
  add(lane: string, kind: OutboxKind, ref: number): void {
    this.#database.run(OUTBOX.add, lane, kind, ref, this.#clock.now())
  }

  /** Whether this was ever owed, delivered or not. */
  has(lane: string, kind: OutboxKind, ref: number): boolean {
    return this.#database.get(OUTBOX.find, lane, kind, ref) !== undefined
  }

  claim(lane: string): OutboxEntry | null {
    const head = this.#database.get<OutboxEntry>(OUTBOX.head, lane)
    const inflight = this.#inflight.get(lane) ?? (head?.state === 'inflight' ? head.id : undefined)
    if (inflight !== undefined)
      throw outOfOrder({ id: inflight, lane }, 'is being delivered: settle it before claiming the next')
    if (!head || this.#isHeld(lane, head.id)) return null
    this.#claims.set(lane, head.id)
    return { ...head, state: 'claimed' }
  }

  launch(entry: OutboxEntry): void {
    if (this.#claims.get(entry.lane) !== entry.id) throw outOfOrder(entry, 'is not claimed')
    if (this.#database.run(OUTBOX.launch, entry.id).changes !== 1) throw outOfOrder(entry, 'is not waiting')
    this.#claims.delete(entry.lane)
    this.#inflight.set(entry.lane, entry.id)
  }

  /** Call inside a transaction. Throws when the entry is not inflight, so nothing is counted twice. */
  settle(entry: OutboxEntry, outcome: DeliveryOutcome, resources: number, nextAt: number | undefined): void {
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
    this.#inflight.delete(entry.lane)
    if (delivered) this.#database.run(OUTBOX.count, 1, 0, resources, 0, entry.lane)
    if (rejected) this.#database.run(OUTBOX.count, 0, 1, 0, resources, entry.lane)
  }

  depths(): LaneDepth[] {
    return this.#database.all<DepthRow>(OUTBOX.depths).map((row) => this.#withState(row))
  }

  /** Lanes of an earlier configuration in which something is left. */
  formerDepths(): LaneDepth[] {
    const rows = this.#database.all<DepthRow>(OUTBOX.formerDepths)
    return rows.filter(({ depth, rejected }) => depth > 0 || rejected > 0).map((row) => this.#withState(row))
  }

  /** Names of all lanes, those of earlier configurations too. */
  lanes(): string[] {
    return this.#database.all<{ name: string }>(OUTBOX.lanes).map(({ name }) => name)
  }

  oldestUntold(lane: string): number | null {
    const waiting = this.#database.get<{ createdAt: number }>(OUTBOX.untoldWaiting, lane)
    const rejected = this.#database.get<{ createdAt: number }>(OUTBOX.untoldRejected, lane)
    const times = [waiting, rejected].flatMap((row) => (row ? [row.createdAt] : []))
    return times.length === 0 ? null : Math.min(...times)
  }

  #withState({ head, ...depth }: DepthRow): LaneDepth {
    if (this.#isHeld(depth.lane, Number.POSITIVE_INFINITY)) return { ...depth, state: 'held' }
    return { ...depth, state: head === null ? 'idle' : (HEAD_STATES[head] ?? 'waiting') }
  }

  /** The contract takes the next batch only: behind an anchor that was refused for good, none can follow. */
  #isHeld(lane: string, before: number): boolean {
    if (!lane.startsWith('anchor:')) return false
    const rejected = this.#database.get<{ id: number }>(OUTBOX.firstRejected, lane)
    return rejected !== undefined && rejected.id < before
  }
}

function outOfOrder(entry: Pick<OutboxEntry, 'id' | 'lane'>, reason: string): HomebeatError {
  return new HomebeatError('journal.outbox-order', `Entry ${entry.id} of lane ${entry.lane} ${reason}.`)
}
