/** g on the strap's axes. */
export type Vector = readonly [x: number, y: number, z: number]

export const size = ([x, y, z]: Vector): number => Math.hypot(x, y, z)

export const distance = (a: Vector, b: Vector): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])

/** Between two directions, 0 to 180; 0 where one has none. */
export function degreesBetween(a: Vector, b: Vector): number {
  const sizes = size(a) * size(b)
  if (sizes === 0) return 0
  const cosine = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / sizes
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI
}

/** The mean of what is added. */
export class VectorMean {
  #x = 0
  #y = 0
  #z = 0
  count = 0

  add([x, y, z]: Vector): void {
    this.#x += x
    this.#y += y
    this.#z += z
    this.count += 1
  }

  /** @returns null where nothing was added; begins anew */
  take(): Vector | null {
    const { count } = this
    const mean: Vector | null = count === 0 ? null : [this.#x / count, this.#y / count, this.#z / count]
    this.#x = 0
    this.#y = 0
    this.#z = 0
    this.count = 0
    return mean
  }
}
