import type { ClockStore, ClockStretch, Move, NewStretch } from '#gateway/journal/api/clock.js'
import type { Commit } from '#gateway/journal/api/commit.js'
import type { Tables } from './tables.js'

/** Begins stretches of the clock, and holds back what was timed by a clock that is not to be believed. */
export class ClockLog implements ClockStore {
  readonly #tables: Tables
  readonly #flush: () => void
  #moved: { readonly move: Move; readonly to: ClockStretch } | null = null

  /** @param flush writes what waits to be committed */
  constructor(tables: Tables, flush: () => void) {
    this.#tables = tables
    this.#flush = flush
  }

  last(): ClockStretch | null {
    return this.#tables.stretches.last()
  }

  newestTrusted(): number | null {
    return this.#tables.stretches.newestTrusted()
  }

  begin(stretch: NewStretch, move?: Move): ClockStretch {
    this.#flush()
    const { stretches, measurements, database } = this.#tables
    const to = database.transaction(() => stretches.begin(stretch, move ?? null))
    if (move) this.#moved = { move, to }
    measurements.hold(to.trusted ? null : stretches.firstUnset())
    return to
  }

  release(): void {
    this.#tables.measurements.hold(null)
  }

  held(): number {
    return this.#tables.measurements.heldCount()
  }

  /** A commit that the disk refused for so long that its time is known by now. */
  inTime(commit: Commit): Commit {
    const moved = this.#moved
    if (!commit.provisional || !moved) return commit
    const { move, to } = moved
    return {
      ...commit,
      measurements: commit.measurements.map((one) => move.measurement(one, to) ?? one),
      transitions: commit.transitions.map((one) => {
        const raisedAt = one.state === 'active' ? one.raisedAt + move.byMs : one.raisedAt
        return { ...one, raisedAt, at: Math.max(one.at + move.byMs, raisedAt) }
      }),
    }
  }
}
