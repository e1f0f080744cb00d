import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'

/** Says that a device's room for messages nobody could read is used up: new ones are counted and not kept. */
export class UnmappedCheck implements HealthCheck {
  readonly #isFull: () => boolean

  /** @param isFull the journal's */
  constructor(isFull: () => boolean) {
    this.#isFull = isFull
  }

  check(): readonly SystemCondition[] {
    return [{ condition: 'unmapped-overflow', priority: 'low', delayMs: 0, present: this.#isFull() }]
  }
}
