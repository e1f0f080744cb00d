/**
 * Stretches without any movement, to the sample: an electrode that loses its contact for parts of a second. A quiet
 * amplifier has such stretches between all beats; one that is never still has them only without contact.
 */
import { keepLast } from '../statistics.js'
import { MovingMedian } from './filters.js'
import { FLAT_SPAN } from './quality.js'

/** Shorter ones are the rest between two waves. */
const LEAST_MS = 150
/** Longer than usual by this is another thing. */
const UNUSUAL = 2
/** Kept: more than are between two beats that are judged late. */
const RUNS = 32

export class FlatRuns {
  readonly #least: number
  /** The latest, in sample numbers. */
  readonly #runs: { readonly from: number; readonly to: number }[] = []
  readonly #usual = new MovingMedian(32)
  #from = -1
  #low = 0
  #high = 0

  constructor(rateHz: number) {
    this.#least = Math.ceil((LEAST_MS * rateHz) / 1000)
  }

  restart(): void {
    this.#from = -1
  }

  push(index: number, x: number): void {
    this.#low = Math.min(this.#low, x)
    this.#high = Math.max(this.#high, x)
    if (this.#from >= 0 && this.#high - this.#low <= FLAT_SPAN) return
    if (this.#from >= 0 && index - this.#from >= this.#least) {
      keepLast(this.#runs, { from: this.#from, to: index }, RUNS)
    }
    this.#from = index
    this.#low = x
    this.#high = x
  }

  /** @returns share of the interval between two beats that was spent without contact, 0 to 1 */
  lost(from: number, to: number): number {
    const runs = this.#runs.filter((run) => run.from >= from && run.to <= to).map((run) => run.to - run.from)
    const usual = this.#usual.quantile(0.25)
    this.#usual.push(Math.max(0, ...runs))
    return runs.filter((length) => length > UNUSUAL * usual).reduce((sum, length) => sum + length, 0) / (to - from)
  }
}
