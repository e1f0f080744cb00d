/**
 * What analysers find in signals and scores, as data: the conditions that are not a limit on one number. Times and
 * thresholds that make one up belong to its analyser; here stands what is made of it.
 */
import type { Observable } from '#fhir/measurement.js'
import type { AlertTransition, Priority } from './alert.js'

export interface FindingRow {
  /** Stable kebab-case name. */
  readonly condition: string
  readonly observable?: Observable
  readonly priority: Priority
  readonly delaySeconds: number
  readonly latching?: boolean
  readonly source: string
}

/** One look of an analyser at one condition. */
export interface Finding {
  readonly condition: string
  /** present · absent: it was looked for and is not there · unknown: the signal cannot be believed now. */
  readonly presence: 'present' | 'absent' | 'unknown'
  /** Identifier of the Measurement behind it, where there is one. */
  readonly measurement?: string
  /** In the unit of the finding's own number (seconds of a pause, points of a score). */
  readonly value?: number
  readonly limit?: AlertTransition['limit']
}

export const defaultFindings: readonly FindingRow[] = []
