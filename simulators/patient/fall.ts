/**
 * What a chest strap feels of a fall: weightless for about half a second, a hard impact, a few swings, then stillness in
 * another position. Shape and figures after what published fall detectors look for (below 0.5 g, then above 2.5 g within
 * a second); no measured fall is copied.
 */
import type { Vector } from './posture.js'

const FREE_MS = 450
const IMPACT_MS = 80
const SWING_MS = 700
const FREE_G = 0.12
const IMPACT_G = 4.5
const SWING_G = 0.6
const SWING_PERIOD_MS = 170

/** After this a fallen body lies. */
export const FALL_MS = FREE_MS + IMPACT_MS + SWING_MS

/** g on the strap's axes. @param since ms since the fall began, 0 ≤ since < FALL_MS @param to gravity as it will lie */
export function falling(from: Vector, to: Vector, since: number): Vector {
  if (since < FREE_MS) {
    // Support is lost within the first tenth of a second.
    const left = FREE_G + (1 - FREE_G) * Math.max(0, 1 - since / 100)
    return scaled(from, left)
  }
  const after = since - FREE_MS
  if (after < IMPACT_MS) return scaled(to, 1 + (IMPACT_G - 1) * Math.sin((Math.PI * after) / IMPACT_MS))
  const swing = after - IMPACT_MS
  const left = (1 - swing / SWING_MS) ** 2
  return scaled(to, 1 + SWING_G * left * Math.sin((2 * Math.PI * swing) / SWING_PERIOD_MS))
}

const scaled = ([x, y, z]: Vector, by: number): Vector => [x * by, y * by, z * by]
