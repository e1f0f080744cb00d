/** Words of alerting: a Limit is crossed, an AlertTransition is recorded, the episode is the Alert. */
import type { Observable } from '#fhir/measurement.js'

export const PRIORITIES = ['high', 'medium', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

export const ALERT_KINDS = ['physiological', 'technical'] as const
export type AlertKind = (typeof ALERT_KINDS)[number]

/**
 * States of one episode (IEC 60601-1-8, 6.8 and 6.10); a transition names the state entered. `inactive` and `pending`
 * are not recorded.
 * active: the condition holds and nobody has said that they know · acknowledged: somebody has · latched: it holds no
 * longer, but was configured to stay until somebody acknowledges it · cleared: over.
 */
export const ALERT_STATES = ['active', 'acknowledged', 'latched', 'cleared'] as const
export type AlertState = (typeof ALERT_STATES)[number]

/** Whether an episode in this state still asks for somebody. */
export const isUnattended = (state: AlertState): boolean => state === 'active' || state === 'latched'

/** The ways in which a person can act on an alert; `gateway`: by itself, what a person had asked for. */
export const ACTION_PATHS = ['console', 'button', 'mqtt', 'link', 'fhir-task', 'command-line', 'gateway'] as const
export type ActionPath = (typeof ACTION_PATHS)[number]

/** Who acts on an alert: a contact's id or a login, never a name that the home does not use itself. */
export interface Actor {
  readonly by: string
  readonly via: ActionPath
  /** In their own words; kept at home and in the clear FHIR targets. */
  readonly note?: string
}

/** One row of the alarm log: time, limit in force and causing value; who, where a person caused it. */
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
  /** The furthest value beyond the limit so far, of every transition but the raising. */
  readonly worst?: number
  readonly actor?: Actor
}

/** Whether a transition begins its episode, rather than bringing a latched one back. */
export const begins = ({ state, at, raisedAt }: AlertTransition): boolean => state === 'active' && at === raisedAt
