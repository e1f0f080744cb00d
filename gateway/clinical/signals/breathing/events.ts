/** What the breathing analyser says. Times are ms on the sample clock: 0 is the first sample ever pushed, lost ones count. */
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'

export type RateUnknown = 'learning' | 'no-breath' | 'poor-signal' | 'out-of-range'

export type BreathingEvent =
  /** Peak of the flow out of the nose; said when the flow falls again. */
  | { readonly type: 'breath'; readonly at: number; readonly amplitude: number }
  | {
      readonly type: 'rate'
      readonly at: number
      /** From the last breaths, /min, 4 to 60; null when it cannot be known. */
      readonly perMinute: number | null
      /** 0 to 1: how many breaths it stands on, how alike they are and how good the signal is. */
      readonly confidence: number
      readonly unknown: RateUnknown | null
    }
  /** No flow for 10 s: an event. */
  | { readonly type: 'apnoea-begin'; readonly at: number; readonly since: number }
  /** No flow for `alarmMs`: an alarm. */
  | { readonly type: 'apnoea-alarm'; readonly at: number; readonly since: number }
  | {
      readonly type: 'apnoea-end'
      readonly at: number
      readonly since: number
      /** `signal-lost`: nothing can be said any more; the pause may go on. */
      readonly reason: 'breath' | 'signal-lost'
      readonly durationMs: number
    }
  /**
   * The probe is not where it was, or its wire is loose: a technical state. While `saturated` or `displaced` nothing is
   * said of pauses; while `flat` they are counted on, as that can be either.
   */
  | { readonly type: 'probe-begin'; readonly at: number; readonly reason: ProbeReason }
  | { readonly type: 'probe-end'; readonly at: number }
  | ({ readonly type: 'quality'; readonly at: number } & SignalQuality)

/** saturated: at a rail · flat: not even the converter's noise · displaced: its level jumped when the flow went away. */
export type ProbeReason = 'saturated' | 'flat' | 'displaced'
