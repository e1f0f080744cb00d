import type { DamageStore } from '#gateway/journal/api/damages.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'

/** Something that was measured is lost: until a person has taken note of it, that is an alert. */
export function damageCheck(damages: Pick<DamageStore, 'open'>): HealthCheck {
  const condition = (present: boolean): SystemCondition[] => [
    { condition: 'journal-damaged', priority: 'medium', delayMs: 0, present },
  ]
  return {
    check() {
      try {
        return condition(damages.open().length > 0)
      } catch {
        // It cannot even be asked: the journal itself says so, and the gateway starts again.
        return condition(true)
      }
    },
  }
}
