import type { SystemCondition } from './system-condition.js'

/** Answers for one part of the gateway. Every tick asks it, so it must be quick and do no I/O that can wait. */
export interface HealthCheck {
  /** All of its conditions, also those that are not present: only that ends an alert. @param now epoch ms */
  check(now: number): readonly SystemCondition[]
}
