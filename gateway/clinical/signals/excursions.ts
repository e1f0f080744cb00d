/**
 * Turning points of a signal: an extremum counts once the signal has come back from it by `least`. A slow drift moves
 * both kinds alike and makes none.
 */
export interface Excursion {
  readonly at: number
  /** From the lowest point before to the peak. */
  readonly rise: number
  /** The lowest value before. */
  readonly from: number
  readonly peak: number
}

export class Excursions {
  #rising = false
  #low: number | null = null
  #high: { at: number; value: number } | null = null

  /** @returns the peak that ended, once the value has fallen by `least` from it */
  push(at: number, value: number, least: number): Excursion | null {
    const low = this.#low
    const high = this.#high
    if (low === null || !high) {
      this.#low = value
      this.#high = { at, value }
      return null
    }
    if (this.#rising) {
      if (value > high.value) this.#high = { at, value }
      else if (high.value - value >= least) {
        this.#rising = false
        this.#low = value
        return { at: high.at, rise: high.value - low, from: low, peak: high.value }
      }
      return null
    }
    if (value <= low) this.#low = value
    else if (value - low >= least) {
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
