/** Growing delays between attempts: doubles from `firstMs` to `maxMs`. */
export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  #nextMs: number

  constructor(firstMs = 500, maxMs = 30_000) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
    this.#nextMs = firstMs
  }

  /** Milliseconds to wait now; the next wait is longer. */
  next(): number {
    const delay = this.#nextMs
    this.#nextMs = Math.min(delay * 2, this.#maxMs)
    return delay
  }

  /** For when an attempt turned out well. */
  reset(): void {
    this.#nextMs = this.#firstMs
  }
}
