import type { Lane } from '#gateway/model/lane.js'
import type { OutboxEntry } from './outbox.js'

/** An outbox entry as people see it. */
export interface QueuedEntry extends OutboxEntry {
  /** Epoch ms of the next attempt, as last planned. */
  readonly nextAt: number | null
  /** The far end's answer at the last attempt. */
  readonly reason: string | null
  /** Epoch ms at which it was delivered, rejected or dropped. */
  readonly settledAt: number | null
}

/** An act of somebody on an entry. Never purged. */
export interface QueueAudit {
  readonly action: 'retry' | 'drop'
  /** User name, or `retention`. */
  readonly actor: string
  readonly at: number
  readonly reason: string | null
  /** The far end's answer before it. */
  readonly refusal: string | null
}

export interface DropPermissions {
  /** Also what still waits to be delivered. */
  readonly waiting: boolean
  /** Also an alert that nobody was told by this lane. */
  readonly undeliveredAlert: boolean
}

/** The outbox as people look into it and mend it. */
export interface QueueStore {
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
