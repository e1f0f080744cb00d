/**
 * A muscle tensed now and then: bursts of band-limited Gaussian noise, as surface EMG is usually modelled, made as a sum
 * of sinusoids at random frequencies and phases (Rice SO, Mathematical analysis of random noise, Bell Syst Tech J
 * 23(3):282-332, 1944). The band ends below half of the 250 Hz at which the kit samples.
 */
import { signed, stream, uniform } from './noise.js'

const LOW_HZ = 20
const HIGH_HZ = 110
const SINUSOIDS = 16
/** One burst in each; its start and length within are random. */
const CYCLE_MS = 4000
const BASELINE_VOLTS = 2.5
const BURST_RMS_VOLTS = 0.45
const REST_RMS_VOLTS = 0.008

export class Muscle {
  readonly #seed: number
  readonly #radiansPerMs = new Float64Array(SINUSOIDS)
  readonly #phases = new Float64Array(SINUSOIDS)

  constructor(seed: number) {
    this.#seed = stream(seed, 'burst')
    const frequencies = stream(seed, 'frequency')
    const phases = stream(seed, 'phase')
    for (let i = 0; i < SINUSOIDS; i++) {
      // One in each sixteenth of the band: no two alike, none missing.
      const hz = LOW_HZ + ((HIGH_HZ - LOW_HZ) * (i + uniform(frequencies, i))) / SINUSOIDS
      this.#radiansPerMs[i] = (2 * Math.PI * hz) / 1000
      this.#phases[i] = Math.PI * signed(phases, i)
    }
  }

  /** Volts at the shield's output. */
  at(t: number): number {
    const rms = REST_RMS_VOLTS + BURST_RMS_VOLTS * this.#tension(t)
    let sum = 0
    for (let i = 0; i < SINUSOIDS; i++)
      sum += Math.sin(t * (this.#radiansPerMs[i] as number) + (this.#phases[i] as number))
    return BASELINE_VOLTS + rms * Math.sqrt(2 / SINUSOIDS) * sum
  }

  /** 0 at rest, up to 1 in a burst, rising and falling smoothly. */
  #tension(t: number): number {
    const cycle = Math.floor(t / CYCLE_MS)
    const length = 700 + 900 * uniform(this.#seed, 3 * cycle)
    const start = (CYCLE_MS - length) * uniform(this.#seed, 3 * cycle + 1)
    const f = (t - cycle * CYCLE_MS - start) / length
    if (f <= 0 || f >= 1) return 0
    return (0.6 + 0.4 * uniform(this.#seed, 3 * cycle + 2)) * Math.sin(Math.PI * f) ** 2
  }
}
