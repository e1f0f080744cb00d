/** What is shown of the signals and alarms at this moment. */
import type { BodyPosition, Quality, SensorKind } from '#fhir/measurement.js'
import type { ActionPath, AlertState, Priority } from './alert.js'

/** The latest value of one sensor, ready to show. `null` value: none yet, or the sensor says it has none. */
export interface LiveValue {
  readonly sensor: SensorKind
  /** Epoch ms of the value, or null. */
  readonly at: number | null
  readonly value: number | { readonly systolic: number; readonly diastolic: number } | BodyPosition | null
  /** The true number is less, or more: `value` is the end of the sensor's range. */
  readonly comparator?: '<' | '>'
  /** UCUM code. */
  readonly unit: string
  readonly quality: Quality
  /** e.g. `probe-off`, `acquiring`. */
  readonly remarks: readonly string[]
}

export interface LiveAlert {
  readonly alertId: string
  readonly condition: string
  readonly kind: 'physiological' | 'technical'
  readonly priority: Priority
  readonly state: AlertState
  readonly raisedAt: number
  readonly at: number
  /** Contacts with their channel, and channels that are told of everything. */
  readonly deliveredTo: readonly string[]
  /** Whose tile shows it, where it is about one sensor. */
  readonly sensor?: SensorKind
  /** `below 88 %`, and the furthest value beyond it so far: `83.5 %`; where a number caused it. */
  readonly limit?: string
  readonly worst?: string
  readonly acknowledged?: { readonly by: string; readonly via: ActionPath; readonly at: number }
  /** Epoch ms, while it lies ahead. */
  readonly silencedUntil?: number
}

export type LiveData =
  | { readonly type: 'value'; readonly value: LiveValue }
  /** Physical values for drawing; the first at `at`, `periodMs` apart; null is a gap. */
  | {
      readonly type: 'samples'
      /** One with a waveform. */
      readonly sensor: SensorKind
      readonly at: number
      readonly periodMs: number
      readonly unit: string
      readonly samples: readonly (number | null)[]
    }
