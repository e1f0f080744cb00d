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

/**
 * What no person can inhibit: what kills within minutes, and what would hide it. A technical alarm still inhibits its own
 * sensor's.
 */
export const NEVER_INHIBITED: ReadonlySet<string> = new Set([
  'asystole',
  'no-organised-heartbeat',
  'no-readable-heartbeat',
  'ecg-unreadable',
  'no-breath',
  'unreadable-airflow',
])

export function isInhibited(
  inhibitions: readonly Inhibition[],
  condition: string,
  observable: Observable | undefined,
  now: number,
): boolean {
  if (NEVER_INHIBITED.has(condition)) return false
  return inhibitions.some(
    ({ scope, until }) =>
      now < until &&
      (scope === 'all' ||
        ('condition' in scope
          ? scope.condition === condition
          : observable !== undefined && scope.observable === observable)),
  )
}
