import type { Limit } from '#gateway/clinical/limits/limits.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import { ConditionSet } from './condition-set.js'
import type { Waiting } from './confirmation.js'
import { kebab } from './technical.js'

/** A first crossing that waits for its repeat, and its limit. */
export interface WaitingLimit {
  readonly limit: Limit
  readonly waiting: Waiting
}

const PREFIX = 'repeat-'
const nameOf = ({ observable }: Limit) => `${PREFIX}${kebab(observable)}`

export const isRepeatPrompt = ({ condition }: AlertTransition): boolean => condition.startsWith(PREFIX)

/** Prompts that ask people to measure again: one for each observable, for as long as a crossing waits. */
export class RepeatPrompts {
  readonly #conditions: ConditionSet

  /** @param open prompts that a restart found */
  constructor(open: readonly AlertTransition[]) {
    this.#conditions = new ConditionSet('technical', open)
  }

  /** @param all everything that waits now */
  step(all: readonly WaitingLimit[], now: number): AlertTransition[] {
    const waiting = new Map<string, WaitingLimit>()
    for (const one of all) if (!waiting.has(nameOf(one.limit))) waiting.set(nameOf(one.limit), one)
    const transitions = this.#conditions.open
      .filter((condition) => !waiting.has(condition))
      .flatMap((condition) => this.#conditions.step({ condition, priority: 'low', delayMs: 0 }, 'safe', now))
    for (const [condition, one] of waiting) {
      const { observable, comparator, value } = one.limit
      const seen = { condition, priority: 'low', delayMs: 0, observable, limit: { comparator, value } } as const
      transitions.push(...this.#conditions.step(seen, 'crossed', now, one.waiting.cause))
    }
    return transitions
  }

  acknowledge(alertId: string, now: number, actor: Actor): AlertTransition[] {
    return this.#conditions.acknowledge(alertId, now, actor)
  }
}

/** Readings whose repeat was asked for before a restart, by condition. Of two limits only the one that the prompt named is known. */
export function waitingBefore(prompts: readonly AlertTransition[], limits: readonly Limit[]): Map<string, Waiting> {
  return new Map(
    prompts.flatMap(({ condition, limit, raisedAt, measurement, value }) => {
      const rows = limits.filter((row) => row.confirm && nameOf(row) === condition)
      const row = rows.find((one) => one.value === limit?.value && one.comparator === limit.comparator) ?? rows[0]
      const cause = measurement === undefined ? {} : { cause: { measurement, ...(value !== undefined && { value }) } }
      return row ? [[row.condition, { measuredAt: raisedAt, since: raisedAt, ...cause }] as const] : []
    }),
  )
}
