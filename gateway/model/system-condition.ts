import type { Priority } from './alert.js'

/** Something about the gateway itself that people must know: its disk, its clock, its far ends. */
export interface SystemCondition {
  /** Stable kebab-case name, e.g. `disk-low`, `clock-unsynchronised`, `push-failing-care`. */
  readonly condition: string
  readonly priority: Priority
  /** How long it must hold before it is an alert. */
  readonly delayMs: number
  readonly present: boolean
}
