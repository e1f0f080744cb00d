/** What a scenario's expectations make of what was raised. Pure. */
import { type AlertTransition, begins } from '#gateway/model/alert.js'
import type { Scenario } from './schema.js'

/** An alert that became active. @property at seconds since the scenario's start */
export interface Raised {
  readonly condition: string
  readonly at: number
}

export interface Verdict {
  readonly passed: boolean
  /** Every condition that became active, once, in order of its first time. */
  readonly raised: readonly string[]
  /** Expected, and not raised in its time. */
  readonly missed: readonly string[]
  /** Raised, and must not have been. */
  readonly unexpected: readonly string[]
}

/** @param start epoch milliseconds of the scenario's start */
export function raisedIn(transitions: readonly AlertTransition[], start: number): Raised[] {
  return transitions.filter(begins).map(({ condition, raisedAt }) => ({ condition, at: (raisedAt - start) / 1000 }))
}

export function judge(expect: Scenario['expect'], all: readonly Raised[]): Verdict {
  const raised = [...new Set(all.map(({ condition }) => condition))]
  const missed = expect.raised
    .filter(
      ({ condition, after, within }) =>
        !all.some((one) => one.condition === condition && one.at >= after && one.at <= within),
    )
    .map(({ condition }) => condition)
  const expected = new Set(expect.raised.map(({ condition }) => condition))
  const unexpected = raised.filter((condition) => {
    if (expected.has(condition)) return false
    // What is named beats what `*` says of the rest.
    const named = expect.notRaised.filter((pattern) => pattern !== '*')
    if (named.some((pattern) => matches(pattern, condition))) return true
    return expect.notRaised.includes('*') && !expect.allowed.some((pattern) => matches(pattern, condition))
  })
  // An expected one that came too early, before what was to cause it, is no less wrong than one that never came.
  const early = expect.raised
    .filter(({ condition }) => !missed.includes(condition))
    .filter(({ condition, after }) => all.some((one) => one.condition === condition && one.at < after))
    .map(({ condition }) => condition)
  const wrong = [...new Set([...unexpected, ...early])]
  return { passed: missed.length === 0 && wrong.length === 0, raised, missed, unexpected: wrong }
}

function matches(pattern: string, condition: string): boolean {
  return pattern.endsWith('*') ? condition.startsWith(pattern.slice(0, -1)) : condition === pattern
}
