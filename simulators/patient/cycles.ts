/**
 * Heart beats or breaths one after another, each as long as the body wants it at that moment. Generated as far as they
 * are asked for; the last thousand are kept, which is more than the last minute at any rate a body can have.
 */

const KEPT = 1024
/** 240 /min; also what keeps KEPT cycles longer than a minute. */
const SHORTEST_MS = 250
const LONGEST_MS = 20_000

export class Cycles {
  /** The cycle that holds the instant last sought: its number from 0, its start and its length, ms. */
  index = 0
  start = 0
  length = 0

  readonly #lengthOf: (index: number, start: number) => number
  readonly #firstStart: number
  /** Ring: the start of cycle i is at i % KEPT; `#next` is the start of the cycle after the newest. */
  readonly #starts = new Float64Array(KEPT)
  #newest = -1
  #next: number

  /** @param lengthOf milliseconds of cycle `index` that begins at `start`: a pure function. @param firstStart ≤ 0 */
  constructor(lengthOf: (index: number, start: number) => number, firstStart: number) {
    this.#lengthOf = lengthOf
    this.#firstStart = firstStart
    this.#next = firstStart
    this.seek(0)
  }

  /** Fraction 0 ≤ p < 1 of the cycle at `t`, after `seek(t)`. */
  phase(t: number): number {
    return (t - this.start) / this.length
  }

  /** Makes `index`, `start`, `length` those of the cycle with start ≤ t < start + length. Milliseconds, t ≥ 0. */
  seek(t: number): void {
    if (t >= this.start && t < this.start + this.length) return
    if (!Number.isFinite(t)) throw new RangeError('time must be a finite number of milliseconds')
    while (this.#next <= t) this.#generate()
    const oldest = Math.max(0, this.#newest - KEPT + 1)
    // Before what is kept: still answered rightly, at the price of going through it again.
    if (t < this.#startOf(oldest) && oldest > 0) {
      this.#newest = -1
      this.#next = this.#firstStart
      while (this.#next <= t) this.#generate()
    }
    let i = this.#newest
    while (i > 0 && this.#startOf(i) > t) i--
    this.index = i
    this.start = this.#startOf(i)
    this.length = (i === this.#newest ? this.#next : this.#startOf(i + 1)) - this.start
  }

  #startOf(index: number): number {
    return this.#starts[index % KEPT] as number
  }

  #generate(): void {
    const start = this.#next
    const length = this.#lengthOf(this.#newest + 1, start)
    this.#newest++
    this.#starts[this.#newest % KEPT] = start
    this.#next = start + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, length))
  }
}
