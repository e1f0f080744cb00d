/** What the skin analyser says. Times are ms on the sample clock: 0 is the first sample ever pushed, lost ones count. */
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'

export type SkinEvent =
  /** A phasic response; said when the conductance falls again. `at` is its peak. */
  | { readonly type: 'response'; readonly at: number; readonly amplitude: number }
  | {
      readonly type: 'minute'
      /** End of the minute. */
      readonly at: number
      /** Median level, µS; null: less than half of the minute could be believed. */
      readonly tonic: number | null
      readonly responses: number | null
      /** Of the tonic level over the last ten minutes, µS a minute; null: fewer than five are known. */
      readonly slope: number | null
    }
  | ({ readonly type: 'quality'; readonly at: number } & SignalQuality)
