/** The lanes' entries for people: what each of them is, without a health value, and putting back or dropping one. */
import { z } from 'zod'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxKind } from '#gateway/journal/api/outbox.js'
import type { QueueAudit, QueuedEntry } from '#gateway/journal/api/queue.js'
import { actorName } from '#gateway/model/actor.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { isLaneKey, type Lane, laneKey, laneOf } from '#gateway/model/lane.js'
import type { Notification } from '#gateway/model/notification.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import { HomebeatError } from '#gateway/platform/errors.js'

/** Entries listed at once; what lies behind is seen once these are dealt with. */
const MAX_LISTED = 500

const id = z.number().int().positive()
/** As text, e.g. `fhir:care`. */
const lane = z
  .string()
  .max(80)
  .refine(isLaneKey, 'name a lane as homebeat status does, e.g. fhir:care')
  .transform(laneOf)

export const listInput = z.strictObject({
  lane: lane.optional(),
  state: z.enum(['waiting', 'rejected']).optional(),
  limit: z.number().int().min(1).max(MAX_LISTED).default(100),
})
export const showInput = z.strictObject({ id })
export const retryInput = z.union([
  z.strictObject({ id, by: actorName }),
  z.strictObject({ all: z.literal(true), lane, by: actorName }),
])
export const dropInput = z.strictObject({
  id,
  by: actorName,
  reason: z.string().trim().min(1).max(300),
  waiting: z.boolean().default(false),
  undeliveredAlert: z.boolean().default(false),
})

export type ListedEntry = Omit<QueuedEntry, 'lane'> & {
  /** Its key. */
  readonly lane: string
  /** e.g. `batch 12`, `low-oxygen-saturation active`. */
  readonly what: string
}

export interface QueueListing {
  readonly entries: readonly ListedEntry[]
  /** There are more than are listed. */
  readonly more: boolean
}

export type QueuedThing =
  | {
      readonly type: 'batch'
      readonly number: number
      readonly count: number
      /** Epoch ms, as the others. */
      readonly periodStart: number
      readonly periodEnd: number
      readonly closedAt: number
      readonly anchored: boolean
      /** Its Observations have left the journal (retention). */
      readonly purged: boolean
    }
  | {
      readonly type: 'alert' | 'notification' | 'undelivered' | 'communication' | 'flag'
      readonly alertId: string
      readonly condition: string
      readonly kind: string
      readonly priority: string
      readonly state: string
      readonly at: number
      /** The channel that took the alert, or is to take it, and for whom. */
      readonly channel?: string
      readonly contact?: string
      readonly reason?: string
    }
  | { readonly type: 'unknown' }

export interface QueueDetail {
  readonly entry: ListedEntry
  readonly thing: QueuedThing
  readonly audit: readonly QueueAudit[]
}

export interface LaneQueueOptions {
  readonly journal: Pick<Journal, 'queue' | 'batches' | 'alerts' | 'notifications'> & {
    readonly anchors: Pick<Journal['anchors'], 'receipt'>
  }
  /** Ends the lane's wait for its next attempt, where a worker runs. */
  readonly tryNow?: (lane: Lane) => void
}

export class LaneQueue {
  readonly #options: LaneQueueOptions

  constructor(options: LaneQueueOptions) {
    this.#options = options
  }

  list({ lane, state, limit }: z.output<typeof listInput>): QueueListing {
    const { queue } = this.#options.journal
    // Those that need somebody come first.
    const states = state ? [state] : (['rejected', 'waiting'] as const)
    const entries = states.flatMap((one) => queue.list(lane ?? null, one, limit + 1))
    return { entries: entries.slice(0, limit).map((entry) => this.#listed(entry)), more: entries.length > limit }
  }

  show({ id }: z.output<typeof showInput>): QueueDetail {
    const { queue } = this.#options.journal
    const entry = queue.entry(id)
    if (!entry) throw new HomebeatError('queue.not-found', `There is no entry ${id}: homebeat queue list shows them.`)
    return { entry: this.#listed(entry), thing: this.#thing(entry), audit: queue.audit(id) }
  }

  retry(input: z.output<typeof retryInput>): { readonly entries: readonly ListedEntry[] } {
    const { journal, tryNow } = this.#options
    const ids = 'id' in input ? [input.id] : journal.queue.rejected(input.lane)
    const entries = journal.queue.retry(ids, input.by)
    for (const { lane } of entries) tryNow?.(lane)
    return { entries: entries.map((entry) => this.#listed(entry)) }
  }

  drop(input: z.output<typeof dropInput>): { readonly entry: ListedEntry } {
    const { journal, tryNow } = this.#options
    const entry = journal.queue.drop(input.id, input.by, input.reason, input)
    tryNow?.(entry.lane)
    return { entry: this.#listed(entry) }
  }

  #listed(entry: QueuedEntry): ListedEntry {
    return { ...entry, lane: laneKey(entry.lane), what: this.#what(entry) }
  }

  #what({ kind, ref }: QueuedEntry): string {
    if (kind === 'batch') return `batch ${ref}`
    const told = this.#told(kind, ref)
    if (!told) return `${kind} ${ref}`
    const { transition, reason, channel, contact } = told
    const what = `${transition.condition} ${kind === 'notification' ? reason : transition.state}`
    if (kind === 'communication') return `${channel} was told: ${what}`
    return contact === undefined ? what : `${what}, for ${contact}`
  }

  #thing({ kind, ref }: QueuedEntry): QueuedThing {
    const { journal } = this.#options
    if (kind === 'batch') {
      const batch = journal.batches.byNumber(ref)
      if (!batch) return { type: 'unknown' }
      const { number, count, periodStart, periodEnd } = batch.header
      const anchored = journal.anchors.receipt(number) !== null
      const { closedAt, purged = false } = batch
      return {
        type: 'batch',
        ...{ number, count, periodStart, periodEnd, closedAt, anchored },
        purged,
      }
    }
    const told = this.#told(kind, ref)
    if (!told) return { type: 'unknown' }
    const { transition, ...whom } = told
    const { alertId, condition, kind: alertKind, priority, state, at } = transition
    return { type: kind, ...{ alertId, condition, kind: alertKind, priority, state, at }, ...whom }
  }

  /** Which alert an entry is about, and who is told of it, where it says so. */
  #told(kind: OutboxKind, ref: number): Told | null {
    const { journal } = this.#options
    if (kind === 'communication') {
      const delivery = journal.alerts.delivery(ref)
      return delivery && toldOf(delivery.transition, delivery)
    }
    if (kind === 'flag') {
      const transition = journal.alerts.episodeById(ref).at(-1)
      return transition ? { transition } : null
    }
    if (kind === 'notification' || kind === 'undelivered') {
      const stored = journal.notifications.byId(ref)
      return stored && toldOf(stored.transition, stored.notification)
    }
    const transition = journal.alerts.byId(ref)
    return transition && { transition }
  }
}

interface Told {
  readonly transition: AlertTransition
  readonly channel?: string
  readonly contact?: string
  readonly reason?: string
}

function toldOf(
  transition: AlertTransition,
  { channel, contact, reason }: Pick<Notification, 'channel' | 'contact' | 'reason'>,
): Told {
  return { transition, channel, reason, ...(contact !== undefined && { contact }) }
}

export function queueCommands(queue: LaneQueue): ControlCommand[] {
  return [
    command('queue.list', listInput, (input) => queue.list(input)),
    command('queue.show', showInput, (input) => queue.show(input)),
    command('queue.retry', retryInput, (input) => queue.retry(input)),
    command('queue.drop', dropInput, (input) => queue.drop(input)),
  ]
}
