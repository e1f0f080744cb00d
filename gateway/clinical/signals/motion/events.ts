/** What the motion analyser says. Times are ms on the sample clock: 0 is the first sample ever pushed, lost ones count. */
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'

export type FallEvent =
  /** Weightless for long enough. */
  | { readonly type: 'fall-phase'; readonly at: number; readonly durationMs: number; readonly lowestG: number }
  /** The first sample of a hard impact after it. */
  | { readonly type: 'impact'; readonly at: number; readonly g: number }
  /** Still, and turned away from how the body was before. */
  | { readonly type: 'lying-still'; readonly at: number; readonly impactAt: number; readonly degrees: number }
  | {
      readonly type: 'suspected-fall'
      readonly at: number
      readonly impactAt: number
      readonly degrees: number
      /**
       * Whether the strap moved since as on a breathing chest. `not-seen`: nobody wears it, or nobody breathes: the two
       * cannot be told apart by an accelerometer.
       */
      readonly body: 'seen' | 'not-seen'
    }
  /** `raised`: a `suspected-fall` was said of it before. */
  | {
      readonly type: 'recovered'
      readonly at: number
      readonly impactAt: number
      readonly by: 'upright' | 'movement'
      readonly raised: boolean
    }

export type MotionEvent = FallEvent | ({ readonly type: 'quality'; readonly at: number } & SignalQuality)
