/**
 * What happens to a patient, as data: [seconds, value] points of each vital sign, joined smoothly; before the first and
 * after the last point the value stays. Times are seconds since the scenario's start.
 */
import type { BodyPosition } from '#fhir/measurement.js'
import type { Vitals } from './patient.js'

export type ScriptedVital = Exclude<keyof Vitals, 'position'>
export type Points = readonly (readonly [seconds: number, value: number])[]

export const RHYTHMS = ['sinus', 'fibrillation', 'asystole'] as const
/** fibrillation: no P wave, every interval another; asystole: no beat at all. */
export type Rhythm = (typeof RHYTHMS)[number]

/** A row of [seconds, what holds then]. */
export const points = <T>(...rows: readonly (readonly [seconds: number, value: T])[]) => rows

export interface Script {
  readonly name: string
  readonly description: string
  /** `spo2` is what it would be with every breath drawn: apnoea lowers it from there. */
  readonly vitals: Readonly<Record<ScriptedVital, Points>>
  /** From each second on; the body takes about a second to turn. */
  readonly positions: readonly (readonly [seconds: number, position: BodyPosition])[]
  /** From each second on. Default sinus. */
  readonly rhythm?: readonly (readonly [seconds: number, rhythm: Rhythm])[]
  /** Pauses of breathing, [from, to] in seconds, in order. */
  readonly apnoea?: readonly (readonly [from: number, to: number])[]
  /** Falls: free, impact, then still in the position scripted from that second on. */
  readonly falls?: readonly number[]
  /** How much the body moves, g: 0 at rest, 0.15 walking. */
  readonly movement?: Points
}

/** The scripted value at `t` ms: smoothstep between points, so that nothing jumps and no point is overshot. */
export function valueAt(points: Points, t: number): number {
  const seconds = t / 1000
  let [s0, v0] = points[0] as readonly [number, number]
  for (const [s1, v1] of points) {
    if (seconds < s1) {
      if (seconds <= s0) return v0
      const f = (seconds - s0) / (s1 - s0)
      return v0 + (v1 - v0) * f * f * (3 - 2 * f)
    }
    s0 = s1
    v0 = v1
  }
  return v0
}

/** The last entry that has begun at `t` ms (the first, before any has), and its place. */
export function entryAt<T>(entries: readonly (readonly [seconds: number, value: T])[], t: number): number {
  let i = entries.length - 1
  while (i > 0 && (entries[i] as readonly [number, T])[0] * 1000 > t) i--
  return i
}
