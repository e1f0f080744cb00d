/**
 * What an accelerometer on the chest strap feels at rest: 1 g upwards (specific force), on the body's axes
 * (x to the body's right, y up along the spine, z out of the chest). A turn is a rotation, so it stays at 1 g.
 */
import type { BodyPosition } from '#fhir/measurement.js'

export type Vector = readonly [x: number, y: number, z: number]

export const GRAVITY: Readonly<Record<BodyPosition, Vector>> = {
  supine: [0, 0, 1],
  prone: [0, 0, -1],
  'left-lateral': [1, 0, 0],
  'right-lateral': [-1, 0, 0],
  upright: [0, 1, 0],
  // Half reclined and half turned: 1 g that is near none of the five.
  undefined: [Math.SQRT1_2 * Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2 * Math.SQRT1_2],
}

/** How long a turn takes. */
export const TURN_MS = 1200

/** Gravity while turning. @param progress 0 at `from`, 1 at `to` */
export function turning(from: Vector, to: Vector, progress: number): Vector {
  const f = progress * progress * (3 - 2 * progress)
  const cos = from[0] * to[0] + from[1] * to[1] + from[2] * to[2]
  if (cos > 0.9999) return to
  if (cos < -0.9) {
    // Front to back (or side to side) goes over the side (or the back).
    const over = Math.abs(from[0]) > 0.5 ? GRAVITY.supine : GRAVITY['left-lateral']
    return f < 0.5 ? rotate(from, over, f * 2) : rotate(over, to, f * 2 - 1)
  }
  return rotate(from, to, f)
}

/** Spherical interpolation of unit vectors less than half a turn apart. */
function rotate(from: Vector, to: Vector, f: number): Vector {
  const angle = Math.acos(Math.min(1, Math.max(-1, from[0] * to[0] + from[1] * to[1] + from[2] * to[2])))
  const a = Math.sin((1 - f) * angle) / Math.sin(angle)
  const b = Math.sin(f * angle) / Math.sin(angle)
  return [a * from[0] + b * to[0], a * from[1] + b * to[1], a * from[2] + b * to[2]]
}
