import type { Commit } from '#gateway/journal/api/commit.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { DigestItem, Notification } from '#gateway/model/notification.js'
import type { UnmappedMessage } from '#gateway/model/unmapped.js'
import type { Clock } from '#gateway/platform/clock.js'
import { encodeMeasurement, type MeasurementRow } from './measurement-codec.js'
import type { Tables } from './tables.js'

/** One caller's commit, already in the form in which it is stored: what cannot be stored is refused before it joins. */
export interface EncodedCommit {
  readonly measurements: readonly MeasurementRow[]
  readonly transitions: readonly AlertTransition[]
  readonly notifications: readonly Notification[]
  readonly digestItems: readonly DigestItem[]
  readonly actions: readonly AlarmAction[]
  readonly unmapped: readonly UnmappedMessage[]
  readonly mapped: readonly number[]
}

export interface CommitBounds {
  /** Longest time a commit waits for company, milliseconds; 0: none. */
  readonly maxDelayMs: number
  /** Rows of a group at which it is written at once. */
  readonly maxCount: number
}

interface Pending {
  readonly commit: EncodedCommit
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: one transaction, so one sync of the disk, for all that arrives within the bounds. Each caller hears
 * after the COMMIT, never before; a caller that awaits is thereby held back to the pace of the disk.
 */
export class CommitGroup {
  readonly #bounds: CommitBounds
  readonly #clock: Clock
  readonly #write: (commits: readonly EncodedCommit[]) => void
  #pending: Pending[] = []
  #count = 0
  #cancelTimer: (() => void) | null = null

  /** @param write one durable transaction, all or nothing; throws when the disk refuses. */
  constructor(bounds: CommitBounds, clock: Clock, write: (commits: readonly EncodedCommit[]) => void) {
    this.#bounds = bounds
    this.#clock = clock
    this.#write = write
  }

  add(commit: EncodedCommit): Promise<void> {
    const { measurements, unmapped, mapped } = commit
    const urgent = urgentCount(commit)
    const size = measurements.length + unmapped.length + mapped.length + urgent
    if (size === 0) return Promise.resolve()
    // A commit that would carry the group over its bound begins the next one.
    if (this.#count > 0 && this.#count + size > this.#bounds.maxCount) this.flush()
    return new Promise((resolve, reject) => {
      this.#pending.push({ commit, resolve, reject })
      this.#count += size
      if (urgent > 0 || this.#count >= this.#bounds.maxCount || this.#bounds.maxDelayMs === 0) this.flush()
      else this.#cancelTimer ??= this.#clock.after(this.#bounds.maxDelayMs, () => this.flush())
    })
  }

  /** Writes what waits, now. Everything added before has been answered when it returns. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    const group = this.#pending
    this.#pending = []
    this.#count = 0
    if (group.length === 0) return
    try {
      this.#write(group.map(({ commit }) => commit))
    } catch (error) {
      for (const { reject } of group) reject(error)
      return
    }
    for (const { resolve } of group) resolve()
  }
}

/** Rows that people wait for: they are written at once, in whatever company they find. */
function urgentCount({ transitions, notifications, digestItems, actions }: EncodedCommit): number {
  return transitions.length + notifications.length + digestItems.length + actions.length
}

/** @throws HomebeatError `journal.not-storable` */
export function encodeCommit(commit: Commit): EncodedCommit {
  const { transitions, notifications = [], digestItems = [], actions = [], unmapped = [], mapped = [] } = commit
  const measurements = commit.measurements.map(encodeMeasurement)
  return { measurements, transitions, notifications, digestItems, actions, unmapped, mapped }
}

/** One transaction: what the commits hold, and what each lane owes because of it. @param now epoch ms */
export function writeCommits(tables: Tables, commits: readonly EncodedCommit[], now: number): void {
  const { measurements, alerts, notifications, alarmActions, unmapped, outbox, transactions } = tables
  let stored = 0
  transactions.run(() => {
    for (const commit of commits) {
      stored += measurements.insert(commit.measurements)
      unmapped.insert(commit.unmapped)
      unmapped.markMapped(commit.mapped, now)
      for (const transition of commit.transitions) {
        const id = alerts.insert(transition)
        if (id !== null) outbox.owe('alert', id)
      }
      for (const item of commit.digestItems) notifications.addDigestItem(item)
      for (const notification of commit.notifications) {
        const id = notifications.insert(notification)
        if (id !== null) outbox.owe('notification', id, notification)
      }
      for (const action of commit.actions) alarmActions.add(action)
    }
  })
  measurements.counted(stored)
}
