/** The latest beats' sample numbers. */
export class BeatTimes {
  readonly #times: Float64Array
  #count = 0

  constructor(size: number) {
    this.#times = new Float64Array(size)
  }

  push(index: number): void {
    this.#times[this.#count % this.#times.length] = index
    this.#count++
  }

  /** Beats with from ≤ index < to, in order. */
  between(from: number, to: number): number[] {
    const found: number[] = []
    const size = this.#times.length
    for (let i = Math.max(0, this.#count - size); i < this.#count; i++) {
      const index = this.#times[i % size] as number
      if (index >= from && index < to) found.push(index)
    }
    return found
  }
}

/** Share of beats that both rows have, within `tolerance` samples; 1 when neither has any. */
export function agreement(a: readonly number[], b: readonly number[], tolerance: number): number {
  let both = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const distance = (a[i] as number) - (b[j] as number)
    if (Math.abs(distance) <= tolerance) {
      both++
      i++
      j++
    } else if (distance < 0) i++
    else j++
  }
  const all = a.length + b.length - both
  return all === 0 ? 1 : both / all
}
