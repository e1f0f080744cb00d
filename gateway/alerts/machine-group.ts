/**
 * Limits of one number in one direction, e.g. saturation ≤94, ≤91, <85: of these only the most severe that holds is
 * active. A worse one is a new alert, and what it supersedes is cleared.
 */
import type { Actor, AlertTransition } from './alert.js'
import { crosses, isSafe, type Limit } from './limits.js'
import { acknowledge, type Cause, type Condition, type Episode, INACTIVE, isOpen, type Sight, step } from './machine.js'

interface Row {
  readonly limit: Limit
  readonly condition: Condition
  episode: Episode
}

export class LimitGroup {
  readonly #rows: Row[]

  /**
   * @param limits most severe first.
   * @param episodes by condition: from before a restart, or from before the limits were changed.
   */
  constructor(limits: readonly Limit[], episodes: ReadonlyMap<string, Episode> = new Map()) {
    this.#rows = limits.map((limit) => ({
      limit,
      condition: conditionOf(limit),
      episode: episodes.get(limit.condition) ?? INACTIVE,
    }))
  }

  /** By condition, also those that are inactive. */
  episodes(): [string, Episode][] {
    return this.#rows.map(({ limit, episode }) => [limit.condition, episode])
  }

  /** A value of the group's number. */
  see(value: number, now: number, cause: Cause): AlertTransition[] {
    return this.#step(now, cause, ({ limit }) =>
      crosses(limit.comparator, value, limit.value) ? 'crossed' : isSafe(limit, value) ? 'safe' : 'between',
    )
  }

  /** Only time has passed. */
  tick(now: number): AlertTransition[] {
    return this.#step(now, undefined, () => 'unknown')
  }

  /** The sensor cannot be believed. */
  inhibit(now: number): AlertTransition[] {
    return this.#step(now, undefined, () => 'inhibited')
  }

  /** @param alertId nothing happens where the alert is not of this group. */
  acknowledge(alertId: string, now: number, actor: Actor): AlertTransition[] {
    return this.#rows.flatMap((row) => {
      if (!isOpen(row.episode) || row.episode.alertId !== alertId) return []
      const { episode, transitions } = acknowledge(row.condition, row.episode, now, actor)
      row.episode = episode
      return transitions
    })
  }

  /** Ends the episodes of limits that are no more. */
  withdraw(gone: (condition: string) => boolean, now: number): AlertTransition[] {
    return this.#rows.flatMap((row) => {
      if (!gone(row.limit.condition)) return []
      const { episode, transition } = step(row.condition, row.episode, 'withdrawn', now)
      row.episode = episode
      return transition ? [transition] : []
    })
  }

  #step(now: number, cause: Cause | undefined, sightOf: (row: Row) => Sight): AlertTransition[] {
    const raised: AlertTransition[] = []
    const cleared: AlertTransition[] = []
    let superseded = false
    for (const row of this.#rows) {
      const { episode, transition } = step(
        row.condition,
        row.episode,
        superseded ? 'withdrawn' : sightOf(row),
        now,
        cause,
      )
      row.episode = episode
      if (isOpen(episode)) superseded = true
      if (transition) (transition.state === 'cleared' ? cleared : raised).push(transition)
    }
    // The worse news first.
    return [...raised, ...cleared]
  }
}

export function conditionOf(limit: Limit): Condition {
  return {
    condition: limit.condition,
    kind: 'physiological',
    priority: limit.priority,
    delayMs: limit.delaySeconds * 1000,
    ...(limit.latching && { latching: true }),
    observable: limit.observable,
    limit: { comparator: limit.comparator, value: limit.value },
  }
}
