/**
 * What analysers find in signals and scores, as data: the conditions that are not a limit on one number. Times and
 * thresholds that make one up belong to its analyser; here stands what is made of it.
 */
import type { Observable } from '#fhir/measurement.js'
import type { AlertTransition, Priority } from '#gateway/model/alert.js'

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

const NEWS2 = 'NEWS2 (Royal College of Physicians, 2017)'
const CLINICAL = 'gateway/clinical/signals/README.md; priority and latching: project default, not verified'

export const defaultFindings: readonly FindingRow[] = [
  // Findings of signals have no delay: an analyser reports only what lasted for seconds that it could believe, and nothing
  // over noise. A finding that can be over before anybody looks, and was not harmless, is latching.
  {
    condition: 'asystole',
    observable: 'heartRate',
    priority: 'high',
    delaySeconds: 0,
    latching: true,
    source: `No beat for 4 s; ${CLINICAL}`,
  },
  {
    condition: 'no-organised-heartbeat',
    observable: 'heartRate',
    priority: 'high',
    delaySeconds: 0,
    latching: true,
    source: `Threshold crossing sample count (Arafat 2011) and VF filter (Kuo and Dillman 1978); ${CLINICAL}`,
  },
  // Motion does it every day: over when beats are read again.
  {
    condition: 'no-readable-heartbeat',
    observable: 'heartRate',
    priority: 'high',
    delaySeconds: 0,
    source: `10 s without a beat that could be believed, and no newer pulse from an oximeter; ${CLINICAL}`,
  },
  {
    condition: 'ecg-unreadable',
    observable: 'heartRate',
    priority: 'medium',
    delaySeconds: 0,
    source: `60 s without a heart rate that could be believed; ${CLINICAL}`,
  },
  {
    condition: 'ecg-pause',
    observable: 'heartRate',
    priority: 'medium',
    delaySeconds: 0,
    latching: true,
    source: `More than 3 s between two beats; ${CLINICAL}`,
  },
  // Says "irregular rhythm: review the ECG", never a diagnosis. The priority is low, because a patient who has had it for
  // years must not be alarmed on all day; the rate that comes with it has limits of its own.
  {
    condition: 'irregular-rhythm',
    observable: 'heartRate',
    priority: 'low',
    delaySeconds: 0,
    source: `Entropy of 40 to 48 intervals; ${CLINICAL}`,
  },
  // A minute without recovery is over before it is raised.
  {
    condition: 'suspected-fall',
    observable: 'bodyPosition',
    priority: 'high',
    delaySeconds: 0,
    latching: true,
    source: `Weightless, impact, still and turned, no recovery in 60 s; ${CLINICAL}`,
  },
  // Limits tell of one bad number in seconds. A score tells of several at once, and is believed only when it lasts.
  {
    condition: 'news2-high',
    priority: 'high',
    delaySeconds: 60,
    source: `${NEWS2}: 7 or more, emergency assessment; delay: project default`,
  },
  {
    condition: 'news2-medium',
    priority: 'medium',
    delaySeconds: 120,
    source: `${NEWS2}: 5–6, urgent review; delay: project default`,
  },
  {
    condition: 'news2-single-parameter',
    priority: 'medium',
    delaySeconds: 300,
    source: `${NEWS2}: 3 in one parameter, urgent review; delay: project default, longer than its limit's own`,
  },
]
