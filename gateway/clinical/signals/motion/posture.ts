/**
 * Body position from the direction of gravity on a chest strap: x right, y up along the spine, z out of the chest. At
 * rest an accelerometer reads +1 g on the axis that points up. How the strap sits is a calibration.
 */
import type { BodyPosition } from '#fhir/measurement.js'
import { COUNTS_PER_G } from '#gateway/clinical/sensors/position/definition.js'

/** The share of 1 g an axis must carry: within about 45° of it. */
const DOMINANT = 0.7
/** Outside of this the body is being moved, not lying: keep the last word. */
const REST_G = { low: 0.7, high: 1.3 } as const
/** Time constant of the low-pass. */
const SETTLE_MS = 1000
/** A new position counts once it has held for this long. */
const HOLD_MS = 1000

type Axes = [number, number, number]

export class Posture {
  #gravity: Axes | null = null
  #candidate: BodyPosition = 'undefined'
  #heldMs = 0
  #position: BodyPosition | null = null

  /** @returns the position, or null while the first one is still settling. */
  push(periodMs: number, samples: readonly (readonly [number, number, number])[]): BodyPosition | null {
    for (const [x, y, z] of samples) this.#step(periodMs, [x / COUNTS_PER_G, y / COUNTS_PER_G, z / COUNTS_PER_G])
    return this.#position
  }

  reset(): void {
    this.#gravity = null
    this.#position = null
    this.#heldMs = 0
  }

  #step(periodMs: number, [x, y, z]: Axes): void {
    const share = Math.min(1, periodMs / SETTLE_MS)
    const g = this.#gravity
    this.#gravity = g ? [g[0] + share * (x - g[0]), g[1] + share * (y - g[1]), g[2] + share * (z - g[2])] : [x, y, z]
    const now = positionOf(this.#gravity)
    if (now === null) return
    this.#heldMs = now === this.#candidate ? this.#heldMs + periodMs : 0
    this.#candidate = now
    if (this.#heldMs >= HOLD_MS) this.#position = now
  }
}

/** The position of a gravity vector in g, or null when the body is not at rest. */
export function positionOf([x, y, z]: readonly [number, number, number]): BodyPosition | null {
  const size = Math.hypot(x, y, z)
  if (size < REST_G.low || size > REST_G.high) return null
  if (z > DOMINANT * size) return 'supine'
  if (z < -DOMINANT * size) return 'prone'
  if (x > DOMINANT * size) return 'left-lateral'
  if (x < -DOMINANT * size) return 'right-lateral'
  if (y > DOMINANT * size) return 'upright'
  return 'undefined'
}
