/**
 * Turning points of a signal: an extremum counts once the signal has come back from it by `least`. A slow drift moves
 * both kinds alike and makes none.
 */
export interface Excursion {
  readonly at: number
  /** From the lowest point before to the peak. */
  readonly rise: number
  /** The lowest value before, and when the signal was last about as low. */
  readonly from: number
  readonly fromAt: number
  readonly peak: number
}

export class Excursions {
  #rising = false
  #low: { at: number; value: number } | null = null
  #high: { at: number; value: number } | null = null

  /** @returns the peak that ended, once the value has fallen by `least` from it */
  push(at: number, value: number, least: number): Excursion | null {
    const low = this.#low
    const high = this.#high
    if (!low || !high) {
      this.#low = { at, value }
      this.#high = { at, value }
      return null
    }
    if (this.#rising) {
      if (value > high.value) this.#high = { at, value }
      else if (high.value - value >= least) {
        this.#rising = false
        this.#low = { at, value }
        return { at: high.at, rise: high.value - low.value, from: low.value, fromAt: low.at, peak: high.value }
      }
      return null
    }
    // The rise begins where the signal was last about as low: noise makes one low of many the lowest.
    if (value - low.value <= least / 2) this.#low = { at, value: Math.min(value, low.value) }
    else if (value - low.value >= least) {
      this.#rising = true
      this.#high = { at, value }
    }
    return null
  }

  reset(): void {
    this.#rising = false
    this.#low = null
    this.#high = null
  }
}
