/** Mean heart rate over the latest intervals. */
import { keepLast } from '../statistics.js'

/** Intervals averaged: about what bedside monitors do. */
const INTERVALS = 8
const LEAST_INTERVALS = 4
/** Older ones say nothing of now. */
const OLDEST_MS = 20_000

export class HeartRate {
  readonly #intervals: { readonly ms: number; readonly at: number }[] = []

  /** @param ms the interval @param at when it ended, ms */
  push(ms: number, at: number): void {
    keepLast(this.#intervals, { ms, at }, INTERVALS)
  }

  /** What was known says nothing of what comes. */
  reset(): void {
    this.#intervals.length = 0
  }

  /** @returns /min, or null when there are too few intervals */
  at(now: number): number | null {
    const recent = this.#intervals.filter(({ at }) => now - at <= OLDEST_MS)
    if (recent.length < LEAST_INTERVALS) return null
    return (60_000 * recent.length) / recent.reduce((sum, { ms }) => sum + ms, 0)
  }
}
