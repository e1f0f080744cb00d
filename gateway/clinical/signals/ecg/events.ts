/** What the analyser says. Times are ms on the sample clock: 0 is the first sample ever pushed, lost ones count. */
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'

export type RateUnknown = 'learning' | 'poor-signal' | 'no-beats' | 'no-organised-beats'

export type EcgEvent =
  | {
      readonly type: 'beat'
      /** Of the R peak, or of the main deflection, whichever way it points. */
      readonly at: number
      /** Sample number of it. */
      readonly index: number
      /** From the beat before; null for the first after the start or a gap. Not judged: noise may have made it. */
      readonly rrMs: number | null
    }
  | {
      readonly type: 'rate'
      readonly at: number
      /** Mean over up to eight intervals, /min; null when it cannot be known. */
      readonly perMinute: number | null
      /** Why it is null. */
      readonly unknown: RateUnknown | null
    }
  /** The grade or its reasons changed with the second that began at `at`. */
  | ({ readonly type: 'quality'; readonly at: number } & SignalQuality)
  | {
      readonly type: 'pause'
      /** The beat before it. */
      readonly at: number
      readonly durationMs: number
      /** A second of it or more was a flat line: an electrode may have been off. */
      readonly flat: boolean
    }
  | {
      readonly type: 'asystole-begin'
      /** When it had lasted for as long as makes it one. */
      readonly at: number
      /** The last beat, or the first moment that could be believed. */
      readonly since: number
      readonly flat: boolean
    }
  | {
      readonly type: 'asystole-end'
      /** The first of two beats that follow each other. */
      readonly at: number
    }
  | {
      /** Fibrillation, flutter or a tachycardia that looks like them: see fibrillation.ts. */
      readonly type: 'fibrillation-begin'
      /** When it had been seen for long enough. */
      readonly at: number
      /** Where the first window that showed it begins. */
      readonly since: number
    }
  | {
      readonly type: 'fibrillation-end'
      readonly at: number
      /** When it was last seen. */
      readonly since: number
      /** It ended in a line without deflections. */
      readonly still: boolean
    }
  | {
      /** For UNREADABLE_MS of a trace that is there and not flat, no interval between two beats could be believed. */
      readonly type: 'unreadable-begin'
      readonly at: number
      /** The last interval, or the beginning. */
      readonly since: number
    }
  /** A beat could be believed again. */
  | { readonly type: 'unreadable-end'; readonly at: number }
  | {
      readonly type: 'rhythm-begin'
      readonly rhythm: 'irregular'
      readonly at: number
      /** Where the intervals begin that were considered. */
      readonly since: number
    }
  | {
      readonly type: 'rhythm-end'
      readonly rhythm: 'irregular'
      readonly at: number
      /** regular again; unknown: too long without beats that could be believed. */
      readonly reason: 'regular' | 'unknown'
    }
