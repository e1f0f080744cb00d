import type { AccelerationSample } from '#gateway/clinical/signals/motion/motion-analyser.js'
import { gaussian } from '#test/gateway/clinical/signals/blocks.js'

type Vector = readonly [number, number, number]
export const RATE = 50
const PERIOD = 1 / RATE

export const UP: Vector = [0, 1, 0]
export const BACK: Vector = [0, 0, 1]
export const LEFT: Vector = [1, 0, 0]

const unit = (v: Vector): Vector => {
  const n = Math.hypot(...v) || 1
  return [v[0] / n, v[1] / n, v[2] / n]
}
const between = (a: Vector, b: Vector, f: number): Vector =>
  unit([a[0] + f * (b[0] - a[0]), a[1] + f * (b[1] - a[1]), a[2] + f * (b[2] - a[2]) + 1e-6])

/** A strap's samples, written as what the body does one after the other. */
export class Body {
  readonly samples: AccelerationSample[] = []
  readonly #noise: () => number
  #breathing = true

  constructor(seed = 1) {
    this.#noise = gaussian(seed)
  }

  get ms(): number {
    return this.samples.length * PERIOD * 1000
  }

  /** @param g by which the direction is scaled, at seconds since the beginning of this part */
  part(seconds: number, direction: (f: number) => Vector, g: (t: number) => number = () => 1): this {
    const n = Math.round(seconds * RATE)
    for (let i = 0; i < n; i++) {
      const [x, y, z] = direction(i / n)
      const t = i * PERIOD
      const breath = this.#breathing ? 0.01 * Math.sin((2 * Math.PI * this.samples.length * PERIOD) / 4) : 0
      const scale = g(t)
      const count = (value: number) => Math.max(-2048, Math.min(2047, Math.round(256 * value + 0.5 * this.#noise())))
      this.samples.push([count(x * scale), count(y * scale + breath), count(z * scale + breath)])
    }
    return this
  }

  still(seconds: number, at: Vector): this {
    return this.part(seconds, () => at)
  }

  turn(seconds: number, from: Vector, to: Vector): this {
    return this.part(seconds, (f) => between(from, to, f))
  }

  walk(seconds: number, hard = 0.25): this {
    return this.part(
      seconds,
      () => UP,
      (t) => 1 + hard * Math.sin(2 * Math.PI * 1.8 * t) + 0.4 * hard * Math.sin(2 * Math.PI * 3.6 * t),
    )
  }

  /** Weightless for `seconds` at `low` g. */
  drop(seconds: number, at: Vector, low = 0.2): this {
    return this.part(
      seconds,
      () => at,
      () => low,
    )
  }

  impact(peak: number, at: Vector, seconds = 0.08): this {
    return this.part(
      seconds,
      () => at,
      (t) => 1 + (peak - 1) * Math.sin((Math.PI * (t + PERIOD / 2)) / seconds),
    )
  }

  swing(at: Vector): this {
    return this.part(
      0.7,
      () => at,
      (t) => 1 + 0.5 * (1 - t / 0.7) * Math.sin((2 * Math.PI * t) / 0.17),
    )
  }

  lose(seconds: number): this {
    for (let i = 0; i < seconds * RATE; i++) this.samples.push(null)
    return this
  }

  /** From here on as on a table. */
  unworn(): this {
    this.#breathing = false
    return this
  }
}
