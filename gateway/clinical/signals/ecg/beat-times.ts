import { keepLast } from '../statistics.js'

const KEPT = 64

/** The latest beats' sample numbers. */
export class BeatTimes {
  readonly #times: number[] = []

  push(index: number): void {
    keepLast(this.#times, index, KEPT)
  }

  /** Beats with from ≤ index < to, in order. */
  between(from: number, to: number): number[] {
    return this.#times.filter((index) => index >= from && index < to)
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
