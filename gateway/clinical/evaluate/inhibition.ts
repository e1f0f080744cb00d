import type { Observable } from '#fhir/measurement.js'

/** Physiological alarms that a person has suspended for a while, e.g. while turning the patient. Always with an end. */
export interface Inhibition {
  /** One condition, all of one observable, or all. */
  readonly scope: 'all' | { readonly condition: string } | { readonly observable: Observable }
  /** Epoch ms. */
  readonly until: number
}

/** The longest inhibition: a person who needs longer inhibits again. */
export const MAX_INHIBITION_MS = 60 * 60_000

const NEVER_INHIBITED: ReadonlySet<string> = new Set([
  'asystole',
  'no-organised-heartbeat',
  'no-readable-heartbeat',
  'ecg-unreadable',
  'no-breath',
])
/** Nobody knows whether the heart beats, or whether there is breath: of a clip without an ECG it is all that says so. */
const UNKNOWN_LIFE = /^(unreadable|lost-while-(falling|rising))-(pulse|ecg|airflow)$/

/**
 * What no person can inhibit: a standstill of heart or breath, and what may hide one. A technical alarm still inhibits its
 * own sensor's.
 */
export const isNeverInhibited = (condition: string): boolean =>
  NEVER_INHIBITED.has(condition) || UNKNOWN_LIFE.test(condition)

export function isInhibited(
  inhibitions: readonly Inhibition[],
  condition: string,
  observable: Observable | undefined,
  now: number,
): boolean {
  if (isNeverInhibited(condition)) return false
  return inhibitions.some(
    ({ scope, until }) =>
      now < until &&
      (scope === 'all' ||
        ('condition' in scope
          ? scope.condition === condition
          : observable !== undefined && scope.observable === observable)),
  )
}
