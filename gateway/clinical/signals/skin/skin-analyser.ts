/**
 * Skin conductance in, its tonic level by the minute out (Boucsein W et al. Publication recommendations for electrodermal
 * measurements. Psychophysiology 49(8):1017-1034, 2012). A trend: nothing is diagnosed. A function of what was pushed,
 * however it was cut into blocks; memory does not grow.
 */
import { median } from '#gateway/clinical/signals/statistics.js'

const MINUTE_MS = 60_000
/** At or below this the electrodes are off, µS. */
const OFF = 1
/** At or above this the converter is at its end, µS. */
const HIGHEST = 89

export interface SkinMinute {
  /** End of the minute, ms on the sample clock: 0 is the first sample ever pushed, lost ones count. */
  readonly at: number
  /** Median level, µS; null: less than half of the minute could be believed. */
  readonly tonic: number | null
}

export class SkinAnalyser {
  readonly #periodMs: number
  #index = 0
  #offset = 0
  #values: number[] = []

  /** @param rateHz samples a second, 2 to 20; the kit sends 4 @throws RangeError for a rate it was not made for */
  constructor({ rateHz }: { readonly rateHz: number }) {
    if (!(rateHz >= 2 && rateHz <= 20)) throw new RangeError(`skin needs 2 to 20 samples a second, not ${rateHz}`)
    this.#periodMs = 1000 / rateHz
  }

  /** @param samples µS; null: lost */
  push(samples: readonly (number | null)[]): SkinMinute[] {
    const minutes: SkinMinute[] = []
    for (const sample of samples) {
      if (sample !== null && sample > OFF && sample < HIGHEST) this.#values.push(sample)
      this.#index += 1
      if (this.#index % Math.round(MINUTE_MS / this.#periodMs) === 0) minutes.push(this.#endMinute())
    }
    return minutes
  }

  /** What comes next begins `gapMs` later. */
  reset(gapMs: number): void {
    this.#offset = this.#now + Math.max(0, gapMs)
    this.#index = 0
    this.#values = []
  }

  get #now(): number {
    return this.#offset + this.#index * this.#periodMs
  }

  #endMinute(): SkinMinute {
    const values = this.#values
    this.#values = []
    const enough = values.length >= (MINUTE_MS / this.#periodMs) * 0.5
    return { at: this.#now, tonic: enough ? median(values) : null }
  }
}
