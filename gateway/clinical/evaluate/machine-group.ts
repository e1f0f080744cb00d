/**
 * Limits of one number in one direction, e.g. saturation ≤94, ≤91, <85. Only the most severe one that holds is active. A
 * worse one is a new alert and clears the alert that it supersedes. A limit that asks for a repeat has an unconfirmed
 * companion right behind it.
 */

import { crosses, isSafe, type Limit } from '#gateway/clinical/limits/limits.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import {
  type ConfirmationRule,
  confirm,
  isOverdue,
  unconfirmedName,
  unconfirmedPriority,
  type Waiting,
} from './confirmation.js'
import { beyondMs } from './known-time.js'
import { acknowledge, type Cause, type Condition, type Episode, INACTIVE, isOpen, type Sight, step } from './machine.js'

interface Row {
  readonly limit: Limit
  readonly condition: Condition
  episode: Episode
}

/** A row that asks for a repeat, and what is raised without one. */
interface Confirmed {
  readonly rule: ConfirmationRule
  readonly row: Row
  readonly unconfirmed: Row
  waiting: Waiting | null
}

interface Seen {
  readonly sight: Sight
  readonly cause?: Cause
}

export class LimitGroup {
  readonly #rows: Row[] = []
  readonly #confirmed: Confirmed[] = []

  /**
   * @param limits most severe first.
   * @param episodes by condition: from before a restart, or from before the limits were changed.
   * @param waiting likewise
   */
  constructor(
    limits: readonly Limit[],
    episodes: ReadonlyMap<string, Episode> = new Map(),
    waiting: ReadonlyMap<string, Waiting> = new Map(),
  ) {
    const add = (limit: Limit): Row => {
      const episode = episodes.get(limit.condition) ?? INACTIVE
      const row: Row = { limit, condition: conditionOf(limit), episode }
      this.#rows.push(row)
      return row
    }
    for (const limit of limits) {
      const row = add(limit)
      const { condition, priority, confirm: rule } = limit
      if (!rule) continue
      const unconfirmed = add({
        ...limit,
        condition: unconfirmedName(condition),
        priority: unconfirmedPriority(priority),
      })
      this.#confirmed.push({ rule, row, unconfirmed, waiting: waiting.get(condition) ?? null })
    }
  }

  /** By condition, also those that are inactive. */
  episodes(): [string, Episode][] {
    return this.#rows.map(({ limit, episode }) => [limit.condition, episode])
  }

  isOpen(condition: string): boolean {
    return this.#rows.some(({ limit, episode }) => limit.condition === condition && isOpen(episode))
  }

  /** For how long a pending limit is known to be crossed, ms. */
  beyondMs(condition: string): number {
    const episode = this.#rows.find(({ limit }) => limit.condition === condition)?.episode
    return episode?.state === 'pending' ? beyondMs(episode.known) : 0
  }

  /** First crossings that wait for their repeat. */
  waiting(): { readonly limit: Limit; readonly waiting: Waiting }[] {
    return this.#confirmed.flatMap(({ row, waiting }) => (waiting ? [{ limit: row.limit, waiting }] : []))
  }

  /**
   * A value of the group's number.
   * @param measuredAt epoch ms, not after `now`
   */
  see(value: number, now: number, cause: Cause, measuredAt: number = now): AlertTransition[] {
    const sightOf = ({ limit }: Row): Sight =>
      crosses(limit.comparator, value, limit.value) ? 'crossed' : isSafe(limit, value) ? 'safe' : 'between'
    const seen = new Map<Row, Seen>(this.#rows.map((row) => [row, { sight: sightOf(row), cause }]))
    for (const one of this.#confirmed) {
      const { rule, row, unconfirmed, waiting } = one
      const { atOnceBeyond } = rule
      const sight = sightOf(row)
      const extreme = atOnceBeyond !== undefined && crosses(row.limit.comparator, value, atOnceBeyond)
      const open = row.episode.state !== 'inactive' ? 'confirmed' : isOpen(unconfirmed.episode) ? 'unconfirmed' : 'none'
      const verdict = confirm(waiting, open, { sight, extreme, measuredAt, cause }, now)
      one.waiting = verdict.waiting
      seen.set(row, { sight: verdict.confirmed, cause })
      // A crossing that is confirmed does not concern this row: the row before supersedes it.
      seen.set(unconfirmed, { sight: verdict.unconfirmed, cause })
    }
    return this.#step(now, (row) => seen.get(row) ?? { sight: 'unknown' })
  }

  /** Only time has passed. */
  tick(now: number): AlertTransition[] {
    return this.#step(now, () => ({ sight: 'unknown' }))
  }

  /** First crossings whose repeat did not come are raised as unconfirmed. */
  expire(now: number): AlertTransition[] {
    const overdue = new Map<Row, Seen>()
    for (const one of this.#confirmed) {
      const { rule, unconfirmed, waiting } = one
      if (!waiting) continue
      // A clock set back must not lengthen the wait by more than the wait itself.
      one.waiting = { ...waiting, since: Math.min(waiting.since, now) }
      if (!isOverdue(rule, one.waiting, now)) continue
      one.waiting = null
      overdue.set(unconfirmed, { sight: 'crossed', ...(waiting.cause && { cause: waiting.cause }) })
    }
    return overdue.size === 0 ? [] : this.#step(now, (row) => overdue.get(row) ?? { sight: 'unknown' })
  }

  /** The sensor cannot be believed. */
  inhibit(now: number): AlertTransition[] {
    return this.#step(now, () => ({ sight: 'inhibited' }))
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

  /** Ends the episodes of limits that no longer exist. */
  withdraw(gone: (condition: string) => boolean, now: number): AlertTransition[] {
    return this.#rows.flatMap((row) => {
      if (!gone(row.limit.condition)) return []
      const { episode, transition } = step(row.condition, row.episode, 'withdrawn', now)
      row.episode = episode
      return transition ? [transition] : []
    })
  }

  #step(now: number, seenOf: (row: Row) => Seen): AlertTransition[] {
    const raised: AlertTransition[] = []
    const cleared: AlertTransition[] = []
    let superseded = false
    for (const row of this.#rows) {
      const { sight, cause } = seenOf(row)
      const { episode, transition } = step(row.condition, row.episode, superseded ? 'withdrawn' : sight, now, cause)
      row.episode = episode
      if (isOpen(episode)) superseded = true
      if (transition) (transition.state === 'cleared' ? cleared : raised).push(transition)
    }
    // The worse news first.
    return [...raised, ...cleared]
  }
}

/** Every condition that these limits can raise. */
export const conditionsOf = (limits: readonly Limit[]): string[] =>
  limits.flatMap(({ condition, confirm: rule }) => (rule ? [condition, unconfirmedName(condition)] : [condition]))

export function conditionOf(limit: Limit): Condition {
  return {
    condition: limit.condition,
    kind: 'physiological',
    priority: limit.priority,
    delayMs: limit.delaySeconds * 1000,
    windowed: true,
    ...(limit.latching && { latching: true }),
    observable: limit.observable,
    limit: { comparator: limit.comparator, value: limit.value },
  }
}
