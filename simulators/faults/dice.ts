import { uniform } from '#simulators/patient/noise.js'

/** Seeded randomness drawn in order: the same seed, the same faults. */
export class Dice {
  readonly #seed: number
  #drawn = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** Uniform in [0, 1). */
  next(): number {
    return uniform(this.#seed, this.#drawn++)
  }
  /** A whole number, 0 ≤ n < `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }
  /** Between both, as many below the geometric mean as above. */
  logUniform(from: number, to: number): number {
    return from * (to / from) ** this.next()
  }
}
