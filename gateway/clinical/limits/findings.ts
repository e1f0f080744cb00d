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

function heartbeat(condition: string, priority: Priority, source: string): FindingRow {
  return { condition, observable: 'heartRate', priority, delaySeconds: 0, source: `${source}; ${CLINICAL}` }
}

function news2(condition: string, priority: Priority, delaySeconds: number, source: string): FindingRow {
  return { condition, priority, delaySeconds, source: `${NEWS2}: ${source}` }
}

export const defaultFindings: readonly FindingRow[] = [
  // Findings of signals have no delay: an analyser reports only what lasted for seconds that it could believe, and nothing
  // over noise. A finding that can be over before anybody looks, and was not harmless, is latching.
  { ...heartbeat('asystole', 'high', 'No beat for 4 s'), latching: true },
  {
    ...heartbeat(
      'no-organised-heartbeat',
      'high',
      'Threshold crossing sample count (Arafat 2011) and VF filter (Kuo and Dillman 1978)',
    ),
    latching: true,
  },
  // Motion does it every day: over when beats are read again.
  heartbeat(
    'no-readable-heartbeat',
    'high',
    '10 s without a beat that could be believed, and no newer pulse from an oximeter',
  ),
  heartbeat('ecg-unreadable', 'medium', '60 s without a heart rate that could be believed'),
  { ...heartbeat('ecg-pause', 'medium', 'More than 3 s between two beats'), latching: true },
  // Says "irregular rhythm: review the ECG", never a diagnosis. The priority is low, because a patient who has had it for
  // years must not be alarmed on all day; the rate that comes with it has limits of its own.
  heartbeat('irregular-rhythm', 'low', 'Entropy of 40 to 48 intervals'),
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
  news2('news2-high', 'high', 60, '7 or more, emergency assessment; delay: project default'),
  news2('news2-medium', 'medium', 120, '5–6, urgent review; delay: project default'),
  news2(
    'news2-single-parameter',
    'medium',
    300,
    "3 in one parameter, urgent review; delay: project default, longer than its limit's own",
  ),
]
