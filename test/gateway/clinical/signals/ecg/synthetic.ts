/** ECGs whose beats are known: counts of the kit's converter, 10 bits over 5 V. */
import { BeatShape } from '#simulators/patient/ecg.js'
import { signed } from '#simulators/patient/noise.js'

export const COUNTS_PER_VOLT = 1023 / 5
const BASELINE = 512
/** Length of a beat with its P and T waves, ms. */
const BEAT_MS = 800
const SHAPE = new BeatShape(BEAT_MS)

export interface SyntheticOptions {
  readonly rateHz: number
  readonly seconds: number
  /** Of the R peaks, ms, rising. */
  readonly beats: readonly number[]
  /** Volts at R; negative: upside down. */
  readonly gain?: number
  /** Volts added at `ms`. */
  readonly noise?: (ms: number, index: number) => number
}

/** A trace that is never quite still: half a count of amplifier noise. */
const rest = (_ms: number, index: number) => (2 * signed(7, index)) / COUNTS_PER_VOLT

export function syntheticEcg({ rateHz, seconds, beats, gain = 1, noise = rest }: SyntheticOptions): number[] {
  let next = 0
  return Array.from({ length: Math.round(seconds * rateHz) }, (_, index) => {
    const ms = (index * 1000) / rateHz
    while (next < beats.length && ms > (beats[next] as number) + BEAT_MS / 2) next++
    let volts = noise(ms, index)
    for (let i = next; i < Math.min(beats.length, next + 4); i++) {
      const phase = (ms - (beats[i] as number)) / BEAT_MS
      if (phase >= -0.5 && phase < 0.5) volts += gain * SHAPE.at((phase + 1) % 1)
    }
    return Math.min(1023, Math.max(0, Math.round(BASELINE + volts * COUNTS_PER_VOLT)))
  })
}

/** R peaks every `rrMs` from `from` to before `to`, ms. */
export function regular(rrMs: number, from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / rrMs)) }, (_, i) => from + i * rrMs)
}

/** Waves without beats, about ±1: three that drift against each other between 3 and 6 Hz, waxing and waning. */
export function fibrillation(ms: number): number {
  const s = ms / 1000
  const wave = (hz: number, drift: number) => Math.sin(2 * Math.PI * hz * s + 2 * Math.sin(2 * Math.PI * drift * s))
  return (
    (0.75 + 0.25 * Math.sin(2 * Math.PI * 0.23 * s)) *
    (0.6 * wave(4.3, 0.31) + 0.3 * wave(5.2, 0.17) + 0.2 * wave(3.1, 0.11))
  )
}
