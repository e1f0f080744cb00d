/** Beats found against beats annotated, by the rules of ANSI/AAMI EC57. Pure; everything in sample numbers. */
import type { Span } from './annotations.js'

/** A beat found this near to an annotated one is that beat. */
export const WINDOW_S = 0.15
/** Learning time, not scored. */
export const LEARNING_S = 300

export interface Score {
  readonly tp: number
  /** Annotated and not found. */
  readonly missed: readonly number[]
  /** Found and not annotated. */
  readonly extra: readonly number[]
}

export interface ScoreOptions {
  readonly rateHz: number
  readonly flutter?: readonly Span[]
  readonly learningS?: number
}

/** @param reference rising @param found rising */
export function scoreBeats(reference: readonly number[], found: readonly number[], options: ScoreOptions): Score {
  const { rateHz, flutter = [], learningS = LEARNING_S } = options
  const tolerance = WINDOW_S * rateHz
  const start = learningS * rateHz
  const counts = (index: number) => index >= start && !flutter.some(({ from, to }) => index >= from && index < to)
  let tp = 0
  const missed: number[] = []
  const extra: number[] = []
  for (let i = 0, j = 0; i < reference.length || j < found.length; ) {
    const wanted = reference[i] ?? Number.POSITIVE_INFINITY
    const got = found[j] ?? Number.POSITIVE_INFINITY
    const distance = Math.abs(wanted - got)
    const pair = distance <= tolerance
    // One of the two may have a nearer partner next.
    const betterWanted = pair && Math.abs((reference[i + 1] ?? Number.POSITIVE_INFINITY) - got) < distance
    const betterGot = pair && Math.abs(wanted - (found[j + 1] ?? Number.POSITIVE_INFINITY)) < distance
    if (pair && !betterWanted && !betterGot) {
      if (counts(wanted)) tp++
      i++
      j++
    } else if (pair ? betterWanted : wanted < got) {
      if (counts(wanted)) missed.push(wanted)
      i++
    } else {
      if (counts(got)) extra.push(got)
      j++
    }
  }
  return { tp, missed, extra }
}

/** Per cent; null when there is nothing to divide by. */
export const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Number(((100 * part) / whole).toFixed(3))

/** Seconds that two rows of spans have in common. */
export function overlap(a: Span, others: readonly Span[]): number {
  return others.reduce((sum, b) => sum + Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from)), 0)
}
