/**
 * One heart beat as a sum of Gaussians in the angle of the cardiac cycle: McSharry PE, Clifford GD, Tarassenko L, Smith
 * LA. A dynamical model for generating synthetic electrocardiogram signals. IEEE Trans Biomed Eng 50(3):289-294, 2003.
 * The paper gives, for P, Q, R, S, T, the angle θ, the weight a and the width b of each attractor on a limit cycle.
 * At constant angular speed ω its equation integrates to Gaussians of height a·b²/ω; here R is scaled to R_VOLTS.
 * The paper's table holds for 60 /min: at faster rates the angles and widths grow with the square root of the rate
 * (and P's and T's angles with its fourth root), as QT shortens less than RR (Bazett).
 */

/** Height of R over the baseline at the shield's output. */
export const R_VOLTS = 1

const WAVES = [
  { name: 'P', angle: -Math.PI / 3, a: 1.2, b: 0.25, stretch: 0.25 },
  { name: 'Q', angle: -Math.PI / 12, a: -5, b: 0.1, stretch: 0.5 },
  { name: 'R', angle: 0, a: 30, b: 0.1, stretch: 0 },
  { name: 'S', angle: Math.PI / 12, a: -7.5, b: 0.1, stretch: 0.5 },
  { name: 'T', angle: Math.PI / 2, a: 0.75, b: 0.4, stretch: 0.25 },
] as const
const R_HEIGHT = 30 * 0.1 ** 2
const HEIGHTS = WAVES.map((wave) => (wave.a * wave.b ** 2 * R_VOLTS) / R_HEIGHT)

/** A beat that no P wave comes before: the atria do not beat. */
export const FIBRILLATING_SHAPE: readonly number[] = HEIGHTS.map((height, i) => (WAVES[i]?.name === 'P' ? 0 : height))

/** The five Gaussians of a beat of one length, ready for many samples. */
export class BeatShape {
  readonly #angles: Float64Array
  /** −1 / (2 b²) */
  readonly #falls: Float64Array
  readonly #heights: readonly number[]

  /** @param rrMs from this R wave to the next @param heights of P, Q, R, S, T, volts */
  constructor(rrMs: number, heights: readonly number[] = HEIGHTS) {
    this.#heights = heights
    const rate = 1000 / rrMs
    const width = Math.sqrt(rate)
    this.#angles = Float64Array.from(WAVES, (wave) => wave.angle * rate ** wave.stretch)
    this.#falls = Float64Array.from(WAVES, (wave) => -1 / (2 * (wave.b * width) ** 2))
  }

  /** Volts over the baseline. @param phase 0 at this R wave, 1 at the next */
  at(phase: number): number {
    const theta = phase < 0.5 ? phase * 2 * Math.PI : (phase - 1) * 2 * Math.PI
    const heights = this.#heights
    let volts = 0
    for (let i = 0; i < heights.length; i++) {
      let d = theta - (this.#angles[i] as number)
      if (d < -Math.PI) d += 2 * Math.PI
      else if (d > Math.PI) d -= 2 * Math.PI
      const exponent = d * d * (this.#falls[i] as number)
      if (exponent > -12) volts += (heights[i] as number) * Math.exp(exponent)
    }
    return volts
  }
}
