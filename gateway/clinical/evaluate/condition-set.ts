import type { Actor, AlertKind, AlertTransition } from '#gateway/model/alert.js'
import {
  acknowledge,
  type Cause,
  type Condition,
  type Episode,
  INACTIVE,
  isOpen,
  restored,
  type Sight,
  step,
} from './machine.js'

interface Row {
  condition: Condition
  episode: Episode
}

/** Conditions that are known only when they are first seen: of sensors, transports, analysers and the gateway itself. */
export class ConditionSet {
  readonly #kind: AlertKind
  readonly #rows = new Map<string, Row>()

  /** @param open episodes of this kind that a restart found; their delays are known only when they are seen again. */
  constructor(kind: AlertKind, open: readonly AlertTransition[] = []) {
    this.#kind = kind
    for (const transition of open) {
      const { condition, priority, observable, limit } = transition
      this.#rows.set(condition, {
        condition: {
          condition,
          kind,
          priority,
          delayMs: 0,
          ...(observable && { observable }),
          ...(limit && { limit }),
        },
        episode: restored(transition),
      })
    }
  }

  /** One look at a condition. An unknown condition begins when it is first crossed. */
  step(seen: Omit<Condition, 'kind'>, sight: Sight, now: number, cause?: Cause): AlertTransition[] {
    let row = this.#rows.get(seen.condition)
    if (!row) {
      if (sight !== 'crossed') return []
      row = { condition: { ...seen, kind: this.#kind }, episode: INACTIVE }
      this.#rows.set(seen.condition, row)
    }
    // An episode keeps the priority with which it was raised.
    const { priority } = isOpen(row.episode) ? row.condition : seen
    if (sight === 'crossed') row.condition = { ...seen, priority, kind: this.#kind }
    // An episode that a restart found open does not say whether it is latching.
    else if (seen.latching) row.condition = { ...row.condition, latching: true }
    const { episode, transition } = step(row.condition, row.episode, sight, now, cause)
    row.episode = episode
    return transition ? [transition] : []
  }

  /** Delays that ran out. */
  tick(now: number): AlertTransition[] {
    return [...this.#rows.values()].flatMap((row) =>
      row.episode.state === 'pending' ? this.step(row.condition, 'unknown', now) : [],
    )
  }

  acknowledge(alertId: string, now: number, actor: Actor): AlertTransition[] {
    for (const row of this.#rows.values()) {
      if (!isOpen(row.episode) || row.episode.alertId !== alertId) continue
      const { episode, transitions } = acknowledge(row.condition, row.episode, now, actor)
      row.episode = episode
      return [...transitions]
    }
    return []
  }

  /** The names of the conditions that were ever seen. */
  get names(): string[] {
    return [...this.#rows.keys()]
  }

  /** The names of the conditions whose episode is open. */
  get open(): string[] {
    return [...this.#rows].filter(([, { episode }]) => isOpen(episode)).map(([name]) => name)
  }
}
