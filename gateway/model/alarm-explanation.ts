/** What is known of one alarm, for whoever asks why it was raised. */
import type { Quality } from '#fhir/measurement.js'
import type { AlarmAction } from './alarm-action.js'
import type { AlertTransition } from './alert.js'
import type { Told } from './notification.js'

/** Where the limit in force came from. */
export type LimitOrigin =
  | { readonly from: 'default'; readonly source: string }
  /** The site's configuration, instead of the default value. */
  | { readonly from: 'configuration'; readonly default: number }
  | { readonly from: 'clinician'; readonly by: string; readonly at: number; readonly note?: string }
  /** It was changed since, and nobody wrote down how. */
  | { readonly from: 'unknown' }

/** A stored value as people read it. */
export interface ShownValue {
  /** e.g. "Heart rate". */
  readonly what: string
  /** e.g. "84 %"; null for a waveform, or where there is no value. */
  readonly value: string | null
  /** Epoch ms. */
  readonly at: number
  readonly quality: Quality
  readonly remarks: readonly string[]
}

/** Another alarm at the time of this one. */
export interface Neighbour {
  readonly alertId: string
  readonly condition: string
  readonly kind: AlertTransition['kind']
  readonly priority: AlertTransition['priority']
  /** Epoch ms. */
  readonly raisedAt: number
  /** Null: not over, as far as was looked. */
  readonly endedAt: number | null
}

/** Everything that the journal knows of one alarm. Times are epoch ms. */
export interface AlarmExplanation {
  readonly alertId: string
  readonly condition: string
  readonly words: string
  readonly kind: AlertTransition['kind']
  readonly priority: AlertTransition['priority']
  readonly state: AlertTransition['state']
  readonly raisedAt: number
  readonly endedAt: number | null
  /** Null where the condition is of a version that this one does not know. */
  readonly meaning: { readonly means: string; readonly notMeans: string; readonly source: string } | null
  /** What completed the condition. */
  readonly cause: {
    readonly value?: number
    readonly unit: string
    readonly limit?: AlertTransition['limit']
    readonly limitOrigin: LimitOrigin | null
    /** How long the condition must hold, by the settings of today; null where that is not known. */
    readonly delaySeconds: number | null
    /** The measurement behind it; null where none is stored any more, or none was behind it. */
    readonly measured: ShownValue | null
  }
  readonly around: { readonly alarms: readonly Neighbour[]; readonly values: readonly ShownValue[] }
  /** Everybody who was to be told, in that order. */
  readonly told: readonly Told[]
  /** Who acknowledged, and what else people did about it. */
  readonly acknowledged: {
    readonly by: string
    readonly via: string
    readonly at: number
    readonly note?: string
  } | null
  readonly actions: readonly AlarmAction[]
}
