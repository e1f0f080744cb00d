/** The latest values of a signal, asked for by their sample number. */
export class Ring {
  readonly #values: Float64Array
  readonly #mask: number

  /** @param length values kept at least */
  constructor(length: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, length)))
    this.#values = new Float64Array(size)
    this.#mask = size - 1
  }

  /** @param index whole number < 2³¹ modulo the ring: numbers beyond wrap with the mask. */
  set(index: number, value: number): void {
    this.#values[index & this.#mask] = value
  }

  get(index: number): number {
    return this.#values[index & this.#mask] as number
  }

  fill(value: number): void {
    this.#values.fill(value)
  }
}
