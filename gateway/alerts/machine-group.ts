/**
 * Limits of one number in one direction, e.g. saturation ≤94, ≤91, <85: of these only the most severe that holds is
 * active. A worse one is a new alert, and what it supersedes is cleared.
 */
import type { AlertTransition } from './alert.js'
import { crosses, isSafe, type Limit } from './limits.js'
import { type Cause, type Condition, type Episode, INACTIVE, restored, type Sight, step } from './machine.js'

interface Row {
  readonly limit: Limit
  readonly condition: Condition
  episode: Episode
}

export class LimitGroup {
  readonly #rows: Row[]

  /** @param limits most severe first. */
  constructor(limits: readonly Limit[], active: readonly AlertTransition[] = []) {
    this.#rows = limits.map((limit) => {
      const before = active.find(({ condition }) => condition === limit.condition)
      return { limit, condition: conditionOf(limit), episode: before ? restored(before) : INACTIVE }
    })
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
      if (episode.state === 'active') superseded = true
      if (transition) (transition.state === 'active' ? raised : cleared).push(transition)
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
    observable: limit.observable,
    limit: { comparator: limit.comparator, value: limit.value },
  }
}
