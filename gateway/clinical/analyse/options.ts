import { FALL_DEFAULTS, type FallOptions } from '#gateway/clinical/signals/motion/fall-detector.js'

/** What a clinician may set of the analysers. */
export interface AnalysisOptions {
  readonly ecg: {
    /** Longer than this between two beats is a pause, ms. */
    readonly pauseMs: number
    /** No beat for longer than this is a standstill, ms. */
    readonly asystoleMs: number
  }
  readonly fall: FallOptions
}

/** Those of the analysers themselves; their sources are in gateway/clinical/signals/README.md. */
export const ANALYSIS_DEFAULTS: AnalysisOptions = { ecg: { pauseMs: 3000, asystoleMs: 4000 }, fall: FALL_DEFAULTS }
