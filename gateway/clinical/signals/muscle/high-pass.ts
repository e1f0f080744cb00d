/** Second-order Butterworth high-pass (bilinear transform), direct form 2 transposed. */
export class HighPass {
  readonly #b0: number
  readonly #a1: number
  readonly #a2: number
  #z1 = 0
  #z2 = 0
  #fresh = true

  constructor(cutoffHz: number, rateHz: number) {
    const k = Math.tan((Math.PI * cutoffHz) / rateHz)
    const norm = 1 / (1 + Math.SQRT2 * k + k * k)
    this.#b0 = norm
    this.#a1 = 2 * (k * k - 1) * norm
    this.#a2 = (1 - Math.SQRT2 * k + k * k) * norm
  }

  next(x: number): number {
    if (this.#fresh) {
      // As if the first value had always been there: no step.
      this.#fresh = false
      this.#z1 = -this.#b0 * x
      this.#z2 = this.#b0 * x
    }
    const y = this.#b0 * x + this.#z1
    this.#z1 = -2 * this.#b0 * x - this.#a1 * y + this.#z2
    this.#z2 = this.#b0 * x - this.#a2 * y
    return y
  }

  reset(): void {
    this.#fresh = true
  }
}
