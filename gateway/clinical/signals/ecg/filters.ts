/** Filters that run sample by sample and keep a handful of numbers. */

/**
 * Second-order Butterworth section by the bilinear transform (Bristow-Johnson R, Audio EQ cookbook, Q = 1/√2).
 * Transposed direct form II.
 */
export class Biquad {
  readonly #b0: number
  readonly #b1: number
  readonly #b2: number
  readonly #a1: number
  readonly #a2: number
  /** Output over input of a constant. */
  readonly #gainAtZero: number
  #s1 = 0
  #s2 = 0

  /** @param cornerHz must lie below half of `rateHz` */
  constructor(kind: 'low-pass' | 'high-pass', cornerHz: number, rateHz: number) {
    const w = (2 * Math.PI * cornerHz) / rateHz
    const alpha = Math.sin(w) / Math.SQRT2
    const cos = Math.cos(w)
    const a0 = 1 + alpha
    const side = (kind === 'low-pass' ? 1 - cos : 1 + cos) / 2 / a0
    this.#b0 = side
    this.#b1 = kind === 'low-pass' ? 2 * side : -2 * side
    this.#b2 = side
    this.#a1 = (-2 * cos) / a0
    this.#a2 = (1 - alpha) / a0
    this.#gainAtZero = kind === 'low-pass' ? 1 : 0
  }

  /** As after an endless constant `value`: what comes next makes no step. */
  settle(value: number): void {
    const y = value * this.#gainAtZero
    this.#s2 = this.#b2 * value - this.#a2 * y
    this.#s1 = this.#b1 * value - this.#a1 * y + this.#s2
  }

  next(x: number): number {
    const y = this.#b0 * x + this.#s1
    this.#s1 = this.#b1 * x - this.#a1 * y + this.#s2
    this.#s2 = this.#b2 * x - this.#a2 * y
    return y
  }
}

/** Mean of the latest `length` values. */
export class MovingMean {
  readonly #values: Float64Array
  #at = 0
  #sum = 0

  constructor(length: number) {
    this.#values = new Float64Array(Math.max(1, length))
  }

  reset(): void {
    this.#values.fill(0)
    this.#at = 0
    this.#sum = 0
  }

  next(x: number): number {
    const values = this.#values
    this.#sum += x - (values[this.#at] as number)
    values[this.#at] = x
    if (++this.#at === values.length) {
      this.#at = 0
      // Summed afresh once a round: rounding errors never add up.
      let sum = 0
      for (let i = 0; i < values.length; i++) sum += values[i] as number
      this.#sum = sum
    }
    return this.#sum / values.length
  }
}

/** Median of the latest `size` values, in place and without garbage. */
export class MovingMedian {
  readonly #values: Float64Array
  readonly #sorted: Float64Array
  #count = 0
  #at = 0

  constructor(size: number) {
    this.#values = new Float64Array(size)
    this.#sorted = new Float64Array(size)
  }

  get count(): number {
    return this.#count
  }

  reset(): void {
    this.#count = 0
    this.#at = 0
  }

  push(value: number): void {
    this.#values[this.#at] = value
    this.#at = (this.#at + 1) % this.#values.length
    if (this.#count < this.#values.length) this.#count++
  }

  /** @param share 0.5 is the median. 0 when there is nothing yet. */
  quantile(share = 0.5): number {
    const n = this.#count
    if (n === 0) return 0
    const sorted = this.#sorted.subarray(0, n)
    sorted.set(this.#values.subarray(0, n))
    sorted.sort()
    const at = share * (n - 1)
    const low = Math.floor(at)
    const a = sorted[low] as number
    const b = sorted[Math.min(n - 1, low + 1)] as number
    return a + (b - a) * (at - low)
  }
}
