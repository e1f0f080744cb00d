/** Looks at the lanes: a far end that takes nothing any more must not be found by chance. */

import type { Journal } from '#gateway/journal/api/journal.js'
import type { LaneDepth } from '#gateway/journal/api/outbox.js'
import type { Priority } from '#gateway/model/alert.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import { type Lane, laneKey } from '#gateway/model/lane.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { alertUndelivered, conditionsOf, pushFailing, pushRefused } from './lane-conditions.js'

export interface LaneCheckOptions {
  readonly journal: Pick<Journal, 'outbox'>
  /** How long the oldest entry may wait, minutes. */
  readonly patience: { readonly pushMinutes: number; readonly anchorMinutes: number; readonly alertMinutes: number }
}

const SAMPLE_MS = 10_000
const MINUTE_MS = 60_000
/** After a start an old backlog may be on its way already: the first delivery gets this long. */
const BACKLOG_DELAY_MS = 60_000
const ALERT_DELAY_MS = 10_000

export class LaneCheck implements HealthCheck {
  readonly #options: LaneCheckOptions
  readonly #progress = new Map<string, { delivered: number; at: number }>()
  #sampledAt = Number.NEGATIVE_INFINITY
  #conditions: readonly SystemCondition[] = []

  constructor(options: LaneCheckOptions) {
    this.#options = options
  }

  check(now: number): readonly SystemCondition[] {
    if (now - this.#sampledAt >= SAMPLE_MS || now < this.#sampledAt) {
      this.#sampledAt = now
      this.#conditions = this.#sample(now)
    }
    return this.#conditions
  }

  #sample(now: number): readonly SystemCondition[] {
    try {
      const { journal } = this.#options
      const lanes = journal.outbox.lanes()
      const conditions = merged(journal.outbox.depths().flatMap((depth) => this.#conditionsOf(depth, lanes, now)))
      return [...conditions, ...withdrawn(lanes, conditions)]
    } catch {
      // A disk that cannot be read is somebody else's alarm; the tick that asks must go on, and what was known holds.
      return this.#conditions
    }
  }

  #conditionsOf(depth: LaneDepth, lanes: readonly Lane[], now: number): SystemCondition[] {
    const { pushMinutes, anchorMinutes, alertMinutes } = this.#options.patience
    const { lane } = depth
    switch (lane.kind) {
      case 'fhir':
      case 'fhir-alert':
        return [
          condition(pushFailing(lane), 'medium', BACKLOG_DELAY_MS, this.#isStuck(depth, pushMinutes * MINUTE_MS, now)),
          condition(pushRefused(lane), 'low', 0, depth.rejected > 0),
        ]
      case 'anchor':
        return [
          condition('anchor-overdue', 'low', BACKLOG_DELAY_MS, this.#isStuck(depth, anchorMinutes * MINUTE_MS, now)),
          condition('anchor-refused', 'medium', 0, depth.rejected > 0),
        ]
      case 'alert': {
        const oldest = this.#options.journal.outbox.oldestUntold(lane, lanes.flatMap(conditionsOf))
        const late = oldest !== null && now - oldest > alertMinutes * MINUTE_MS
        return [condition(alertUndelivered(lane), 'high', ALERT_DELAY_MS, late)]
      }
    }
  }

  /** The oldest has waited too long, and nothing was delivered for as long: a backlog that moves is no failure. */
  #isStuck({ lane, delivered, oldestAt }: LaneDepth, patienceMs: number, now: number): boolean {
    const key = laneKey(lane)
    const before = this.#progress.get(key)
    const moved = before !== undefined && delivered > before.delivered
    const at = moved ? now : (before?.at ?? Number.NEGATIVE_INFINITY)
    this.#progress.set(key, { delivered, at: Math.min(at, now) })
    return oldestAt !== null && now - oldestAt > patienceMs && now - at > patienceMs
  }
}

/** One condition of each name: a FHIR target's two lanes speak of the same target. */
function merged(conditions: readonly SystemCondition[]): SystemCondition[] {
  const byName = new Map<string, SystemCondition>()
  for (const one of conditions) if (one.present || !byName.has(one.condition)) byName.set(one.condition, one)
  return [...byName.values()]
}

/**
 * Conditions that nobody states any more: their lane is no longer configured, or their name is of an earlier version. They
 * end here, since an alert that an earlier run raised under them would stay open for ever.
 */
function withdrawn(lanes: readonly Lane[], conditions: readonly SystemCondition[]): SystemCondition[] {
  const said = new Set(conditions.map(({ condition }) => condition))
  const names = new Set(lanes.flatMap(conditionsOf).filter((condition) => !said.has(condition)))
  return [...names].map((name) => condition(name, 'low', 0, false))
}

function condition(name: string, priority: Priority, delayMs: number, present: boolean): SystemCondition {
  return { condition: name, priority, delayMs, present }
}
