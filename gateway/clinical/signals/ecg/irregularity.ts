/**
 * Whether the intervals between beats are irregularly irregular. Coefficient of sample entropy (Lake DE, Moorman JR.
 * Accurate estimation of entropy in very short physiological time series: the problem of atrial fibrillation detection
 * in implanted ventricular devices. Am J Physiol Heart Circ Physiol 300:H319-H325, 2011): single extra beats and
 * patterns such as every second beat early repeat themselves and keep it low. It needs changes from beat to beat, too,
 * so that a drifting rate does not count. Thresholds are the project's own; the result is a reason to look, no diagnosis.
 */
export const BEATS = 48
const LEAST_BEATS = 40
/** Entropy above which a rhythm becomes irregular, and below which it is regular again. */
const BEGIN_ENTROPY = -1.3
const END_ENTROPY = -1.6
/** Share of intervals that differ from the one before by more than CHANGE of the mean. */
const BEGIN_CHANGES = 0.55
const END_CHANGES = 0.4
const CHANGE = 0.06
/** Beats for which it must hold. */
const SUSTAINED = 8
/** Width of what counts as the same interval, ms; doubled until FEWEST matches are found. */
const TOLERANCE_MS = 30
const FEWEST = 5
/** An early beat, as shares of the median interval: before it, after it, and how far both together are from two. */
const EARLY = 0.85
const LATE = 1.1
const COMPENSATION = 0.15
const FEWEST_PAIRS = 14

export interface Irregularity {
  readonly entropy: number
  readonly changes: number
}

/** The latest intervals, and whether their rhythm is irregular. */
export class IrregularityWatch {
  readonly #intervals = new Float64Array(BEATS)
  /** 1: the interval begins with the beat that ended the one before. */
  readonly #follows = new Uint8Array(BEATS)
  /** 1: this interval and the one before are a pair to be judged. */
  readonly #pairs = new Uint8Array(BEATS)
  readonly #sorted = new Float64Array(BEATS)
  readonly #ends = new Float64Array(BEATS)
  #count = 0
  #sustained = 0
  #irregular = false

  get irregular(): boolean {
    return this.#irregular
  }

  reset(): void {
    this.#count = 0
    this.#sustained = 0
    this.#irregular = false
  }

  /**
   * @param ms the interval @param at when it ended, ms @param follows the one before directly
   * @returns what changed: 'begin' with the time of the oldest interval considered, 'end', or nothing
   */
  push(ms: number, at: number, follows: boolean): { change: 'begin' | 'end'; since: number } | null {
    const slot = this.#count % BEATS
    this.#intervals[slot] = ms
    this.#follows[slot] = follows ? 1 : 0
    this.#ends[slot] = at
    this.#count++
    if (this.#count < LEAST_BEATS) return null
    const { entropy, changes } = this.measure()
    const crossed = this.#irregular
      ? entropy < END_ENTROPY || changes < END_CHANGES
      : entropy > BEGIN_ENTROPY && changes > BEGIN_CHANGES
    this.#sustained = crossed ? this.#sustained + 1 : 0
    if (this.#sustained < SUSTAINED) return null
    this.#sustained = 0
    this.#irregular = !this.#irregular
    const oldest = Math.max(0, this.#count - BEATS) % BEATS
    return {
      change: this.#irregular ? 'begin' : 'end',
      since: (this.#ends[oldest] as number) - (this.#intervals[oldest] as number),
    }
  }

  measure(): Irregularity {
    const n = Math.min(this.#count, BEATS)
    const start = this.#count - n
    let sum = 0
    for (let i = start; i < this.#count; i++) sum += this.#interval(i)
    const mean = sum / n
    this.#markPairs(start)
    let pairs = 0
    let changed = 0
    for (let i = start + 1; i < this.#count; i++) {
      if (!this.#pairs[i % BEATS]) continue
      pairs++
      if (Math.abs(this.#interval(i) - this.#interval(i - 1)) > CHANGE * mean) changed++
    }
    // So many extra beats that nothing is left to judge: a pattern of its own.
    if (pairs < FEWEST_PAIRS) return { entropy: Number.NEGATIVE_INFINITY, changes: 0 }
    let tolerance = TOLERANCE_MS
    let same = 0
    let sameAgain = 0
    for (let doubling = 0; doubling < 4; doubling++, tolerance *= 2) {
      same = 0
      sameAgain = 0
      for (let i = start + 1; i < this.#count; i++) {
        if (!this.#pairs[i % BEATS]) continue
        for (let j = i + 1; j < this.#count; j++) {
          if (!this.#pairs[j % BEATS]) continue
          if (Math.abs(this.#interval(i - 1) - this.#interval(j - 1)) > tolerance) continue
          same++
          if (Math.abs(this.#interval(i) - this.#interval(j)) <= tolerance) sameAgain++
        }
      }
      if (sameAgain >= FEWEST) break
    }
    const likely = Math.max(1, sameAgain) / Math.max(1, same)
    return { entropy: -Math.log(likely) + Math.log((2 * tolerance) / mean), changes: changed / pairs }
  }

  /**
   * Marks each interval that, with the one before, says something of the rhythm: not an early beat with its
   * compensatory pause, which together last as long as two ordinary intervals.
   */
  #markPairs(start: number): void {
    const n = this.#count - start
    const sorted = this.#sorted.subarray(0, n)
    sorted.set(this.#intervals.subarray(0, n))
    sorted.sort()
    const median = sorted[n >> 1] as number
    for (let i = start; i < this.#count; i++)
      this.#pairs[i % BEATS] = i > start ? (this.#follows[i % BEATS] as number) : 0
    for (let i = start + 1; i < this.#count; i++) {
      const early = this.#interval(i - 1)
      const late = this.#interval(i)
      const compensated = Math.abs(early + late - 2 * median) < COMPENSATION * median
      if (!this.#follows[i % BEATS] || !compensated || early > EARLY * median || late < LATE * median) continue
      for (let k = i - 1; k <= i + 1; k++) if (k >= start && k < this.#count) this.#pairs[k % BEATS] = 0
    }
  }

  #interval(i: number): number {
    return this.#intervals[i % BEATS] as number
  }
}
