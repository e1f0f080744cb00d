/** Words of alerting: a Limit is crossed, an AlertTransition is recorded, the episode is the Alert. */
import type { Observable } from '#fhir/measurement.js'

export const PRIORITIES = ['high', 'medium', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

export type AlertKind = 'physiological' | 'technical'

/** States of one episode; a transition names the state entered. `inactive` and `pending` are not recorded. */
export type AlertState = 'active' | 'cleared'

/** One row of the alarm log: time, limit in force and causing value. */
export interface AlertTransition {
  /** `<condition>-<raisedAt>`: one episode is one alert. Unique per home. */
  readonly alertId: string
  /** Stable kebab-case name of the condition, e.g. `low-oxygen-saturation`, `probe-off-spo2`. */
  readonly condition: string
  readonly kind: AlertKind
  readonly priority: Priority
  readonly state: AlertState
  /** Epoch ms of this transition. */
  readonly at: number
  /** Epoch ms at which the episode became active. */
  readonly raisedAt: number
  readonly observable?: Observable
  /** Identifier of the Measurement that completed the condition. */
  readonly measurement?: string
  /** Causing value in the observable's unit, and the limit it crossed; kept at home, never in a preview. */
  readonly value?: number
  readonly limit?: { readonly comparator: '<' | '<=' | '>' | '>='; readonly value: number }
}
