/**
 * The heart: one row of beats drives the ECG and the arterial pressure wave. What the rate is and how regular the beats
 * come is the script's; each interval is drawn once.
 */
import { Cycles } from './cycles.js'
import { BeatShape, FIBRILLATING_SHAPE } from './ecg.js'
import { signed, smoothNoise, uniform } from './noise.js'
import { entryAt, type Rhythm, type Script } from './script.js'

/** Respiratory sinus arrhythmia: the rate's change to either side over a breath; small in the elderly. */
const ARRHYTHMIA = 0.03
/** Spread of the intervals in atrial fibrillation, as a share of their mean. */
const IRREGULARITY = 0.24
const SHORTEST_MS = 320
/** Fibrillatory waves: 4 to 9 a second, of small and changing height. */
const F_WAVE_VOLTS = 0.04
const F_WAVE_HZ = 6.2
/** From the R wave to the foot of the pulse at the arm. */
const TRANSIT_MS = 180
/** Blood runs off without a beat: pressure falls towards this with this time constant. */
const RUN_OFF_MS = 2500
const MEAN_FILLING_MMHG = 18

export interface HeartOptions {
  readonly script: Script
  readonly seed: number
  /** Scripted rate, /min. */
  readonly rate: (t: number) => number
  /** How full the chest is, 0 to 1. */
  readonly chest: (t: number) => number
}

export class Heart {
  readonly #rhythms: readonly (readonly [seconds: number, rhythm: Rhythm])[]
  readonly #seed: number
  readonly #beats: Cycles
  #shape = new BeatShape(800)
  #shapeLength = 800
  #shapeFibrillates = false

  constructor({ script, seed, rate, chest }: HeartOptions) {
    this.#rhythms = script.rhythm ?? [[0, 'sinus']]
    this.#seed = seed
    this.#beats = new Cycles((index, start) => {
      const at = Math.max(0, start)
      const rhythm = this.rhythm(at)
      if (rhythm === 'asystole') return this.#endOfRhythm(at) - start
      if (rhythm === 'fibrillation') {
        // Two numbers added: short and long intervals alike are rarer than middling ones.
        const drawn = signed(seed, 2 * index) + signed(seed, 2 * index + 1)
        return Math.max(SHORTEST_MS, (60_000 / rate(at)) * (1 + IRREGULARITY * 1.22 * drawn))
      }
      const breathing = 1 + ARRHYTHMIA * (2 * chest(start) - 1)
      return (60_000 / (rate(at) * breathing)) * (1 + 0.01 * signed(seed, index))
    }, -300)
  }

  rhythm(t: number): Rhythm {
    return this.#rhythms[entryAt(this.#rhythms, t)]?.[1] ?? 'sinus'
  }

  /** Whether blood is driven at `t`: not from the last beat before an asystole on. */
  beating(t: number): boolean {
    this.#beats.seek(t)
    return this.#drives(this.#beats.start)
  }

  /** Start (the R wave, ms) and length of the cycle at `t`. */
  cycle(t: number): { readonly index: number; readonly start: number; readonly length: number } {
    this.#beats.seek(t)
    const { index, start, length } = this.#beats
    return { index, start, length }
  }

  /** Volts of the ECG over its baseline. */
  ecg(t: number): number {
    this.#beats.seek(t)
    const { start, length } = this.#beats
    if (!this.#drives(start)) return 0
    const fibrillating = this.rhythm(Math.max(0, start)) === 'fibrillation'
    if (length !== this.#shapeLength || fibrillating !== this.#shapeFibrillates) {
      this.#shape = new BeatShape(length, fibrillating ? FIBRILLATING_SHAPE : undefined)
      this.#shapeLength = length
      this.#shapeFibrillates = fibrillating
    }
    return this.#shape.at(this.#beats.phase(t)) + (fibrillating ? this.#fWave(t) : 0)
  }

  /** mm[Hg] in the artery: each beat's wave between the pressures that hold then. */
  pressure(t: number, systolic: number, diastolic: number): number {
    const at = Math.max(0, t - TRANSIT_MS)
    this.#beats.seek(at)
    const { start, length } = this.#beats
    if (!this.#drives(start)) {
      const left = Math.exp(-(at - start) / RUN_OFF_MS)
      return MEAN_FILLING_MMHG + (diastolic - MEAN_FILLING_MMHG) * left
    }
    return diastolic + (systolic - diastolic) * pulseWave((at - start) / length)
  }

  #drives(start: number): boolean {
    return this.rhythm(Math.max(0, start)) !== 'asystole'
  }

  #endOfRhythm(t: number): number {
    const next = this.#rhythms[entryAt(this.#rhythms, t) + 1]
    return next ? next[0] * 1000 : Number.POSITIVE_INFINITY
  }

  #fWave(t: number): number {
    const height = 0.7 + 0.3 * smoothNoise(this.#seed, t / 400)
    const drift = 0.6 * smoothNoise(this.#seed + 1, t / 900) + uniform(this.#seed, 0)
    return F_WAVE_VOLTS * height * Math.sin(2 * Math.PI * ((F_WAVE_HZ * t) / 1000 + drift))
  }
}

/** An arterial pulse over one beat, 0 to 1: a steep rise, a notch when the valve closes, a slow run-off. */
function pulseWave(phase: number): number {
  const rise = 0.16
  if (phase < rise) return (1 - Math.cos((Math.PI * phase) / rise)) / 2
  const fallen = (phase - rise) / (1 - rise)
  const runOff = Math.exp(-2.6 * fallen) * (1 - fallen)
  const notch = 0.1 * Math.exp(-(((phase - 0.42) / 0.035) ** 2)) * (1 - fallen)
  return Math.min(1, Math.max(0, runOff - notch))
}
