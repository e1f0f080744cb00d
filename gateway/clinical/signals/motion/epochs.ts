/** Half seconds of acceleration: mean direction and how much it moved, kept for half a minute. */
import { size, type Vector, VectorMean } from './vector.js'

export const EPOCH_MS = 500
const KEPT = 60
/** Share of an epoch's samples that must have come. */
const ENOUGH = 0.5

export interface Epoch {
  /** Number of the epoch on the sample clock. */
  readonly index: number
  readonly mean: Vector
  /**
   * Mean amplitude deviation, g: mean |r − mean r| of the magnitude r (Vähä-Ypyä H et al. A universal, accurate
   * intensity-based classification of different physical activities using raw data of accelerometer. Clin Physiol Funct
   * Imaging 35:64-70, 2015). Free of the sensor's offset, and zero at rest in any position.
   */
  readonly deviation: number
}

export class Epochs {
  readonly #length: number
  readonly #mean = new VectorMean()
  readonly #sizes: number[] = []
  readonly #kept: Epoch[] = []

  /** @param length samples of an epoch */
  constructor(length: number) {
    this.#length = length
  }

  add(sample: Vector): void {
    this.#mean.add(sample)
    this.#sizes.push(size(sample))
  }

  /** Ends the epoch. @returns null where too little of it came */
  end(index: number): Epoch | null {
    const { count } = this.#mean
    const mean = this.#mean.take()
    const sizes = this.#sizes.splice(0)
    if (!mean || count < ENOUGH * this.#length) return null
    const middle = sizes.reduce((sum, value) => sum + value, 0) / sizes.length
    const deviation = sizes.reduce((sum, value) => sum + Math.abs(value - middle), 0) / sizes.length
    const epoch = { index, mean, deviation }
    this.#kept.push(epoch)
    if (this.#kept.length > KEPT) this.#kept.shift()
    return epoch
  }

  /** Those of [from, to], epoch numbers. */
  between(from: number, to: number): readonly Epoch[] {
    return this.#kept.filter(({ index }) => index >= from && index <= to)
  }

  clear(): void {
    this.#mean.take()
    this.#sizes.length = 0
    this.#kept.length = 0
  }
}

/** Mean direction of some epochs, or null of none. */
export function meanOf(epochs: readonly Epoch[]): Vector | null {
  const mean = new VectorMean()
  for (const epoch of epochs) mean.add(epoch.mean)
  return mean.take()
}

/** Standard deviation of the epochs' means on the axis that moved most, g. */
export function sway(epochs: readonly Epoch[]): number {
  const mean = meanOf(epochs)
  if (!mean) return 0
  const of = (axis: 0 | 1 | 2) =>
    Math.sqrt(epochs.reduce((sum, epoch) => sum + (epoch.mean[axis] - mean[axis]) ** 2, 0) / epochs.length)
  return Math.max(of(0), of(1), of(2))
}
