/** What the analysis of one signal of one device says. */
import type { Observable } from '#fhir/measurement.js'
import type { Finding } from '#gateway/clinical/limits/findings.js'
import type { Signal } from '#gateway/clinical/normalise/judged.js'
import type { Judgement } from '#gateway/clinical/sensors/judge.js'
import type { Calibration } from '#gateway/clinical/sensors/sensor-definition.js'
import type { Reading } from '#gateway/model/reading.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { AnalysisOptions } from './options.js'

/** A number that was concluded. */
export interface Conclusion {
  readonly observable: Observable
  /** On the reading's clock, epoch ms. */
  readonly at: number
  readonly judgement: Judgement
  readonly secondsSinceBreath?: number
  /** Shown on the page only; it does not belong on the record. */
  readonly shownOnly?: true
}

export interface Said {
  readonly conclusions: readonly Conclusion[]
  readonly findings: readonly Finding[]
  /** Of the signal itself. */
  readonly technical: readonly SystemCondition[]
}

export const NOTHING_SAID: Said = { conclusions: [], findings: [], technical: [] }

/** What a watch may know of the rest of the home. */
export interface Surroundings {
  /** Whether an oximeter sees a pulse now, of beats after `onset`. @param onset of what it weighs against @param now as in `push` */
  pulseSince(onset: number, now: number): boolean
  /** Whether an oximeter shows a pulse now, be it of beats before. */
  pulseSeen(now: number): boolean
  calibrationOf(deviceId: string): Calibration
  /** The options as they are now. An analyser keeps those that held when it began. */
  options(): AnalysisOptions
}

export interface SignalWatch {
  /** @param state how the sensor is @param now epoch ms, never falling */
  push(reading: Reading, state: Signal['state'], now: number): Said
  /** The device started anew: what comes does not follow what came. */
  restart(): void
  /** Nothing will come any more. @returns the technical conditions of the signal, none of which holds */
  end(): readonly SystemCondition[]
}
