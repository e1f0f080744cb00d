/** Mean heart rate over the latest intervals. */

/** Intervals averaged: about what bedside monitors do. */
export const INTERVALS = 8
const LEAST_INTERVALS = 4
/** Older ones say nothing of now. */
const OLDEST_MS = 20_000

export class HeartRate {
  readonly #intervals = new Float64Array(INTERVALS)
  readonly #ends = new Float64Array(INTERVALS)
  #count = 0

  /** @param ms the interval @param at when it ended, ms */
  push(ms: number, at: number): void {
    this.#intervals[this.#count % INTERVALS] = ms
    this.#ends[this.#count % INTERVALS] = at
    this.#count++
  }

  /** What was known says nothing of what comes. */
  reset(): void {
    this.#count = 0
  }

  /** @returns /min, or null when there are too few intervals */
  at(now: number): number | null {
    let sum = 0
    let n = 0
    for (let i = Math.max(0, this.#count - INTERVALS); i < this.#count; i++) {
      if (now - (this.#ends[i % INTERVALS] as number) > OLDEST_MS) continue
      sum += this.#intervals[i % INTERVALS] as number
      n++
    }
    return n < LEAST_INTERVALS ? null : (60_000 * n) / sum
  }
}
