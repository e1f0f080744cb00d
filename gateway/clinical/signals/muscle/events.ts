/** What the muscle analyser says. Times are ms on the sample clock: 0 is the first sample ever pushed, lost ones count. */
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'

export type MuscleEvent =
  | {
      /** Once a second, for a trend. */
      readonly type: 'envelope'
      /** End of the second. */
      readonly at: number
      /** Mean of the second's envelope, in the input's unit; null: the second cannot be believed. */
      readonly rms: number | null
    }
  | ({ readonly type: 'quality'; readonly at: number } & SignalQuality)
