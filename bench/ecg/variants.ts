/** The same record as other devices and worse mornings would give it: rates, converters, noise. Seeded. */
import { smoothNoise, uniform } from '#simulators/patient/noise.js'
import type { BenchRecord } from './record.js'

export interface Variant {
  readonly name: string
  readonly of: (record: BenchRecord) => BenchRecord
}

/** Five volts in ten bits; R waves of about a volt, as the kit's nominal gain gives them. */
const KIT = { countsPerMillivolt: 205, lowest: 0, highest: 1023, zero: 512 }

const kitAt = (rateHz: number, gain = 1): Variant['of'] => {
  return (record) => {
    const { samples, reference } = record
    const scale = (gain * KIT.countsPerMillivolt) / (record.countsPerMillivolt ?? KIT.countsPerMillivolt)
    const middle = (record.lowest + record.highest + 1) / 2
    const ratio = rateHz / record.rateHz
    const at = (position: number) => {
      const left = Math.floor(position)
      const a = samples[left]
      const b = samples[left + 1] ?? a
      return a == null || b == null ? null : a + (b - a) * (position - left)
    }
    const span = ({ from, to }: { from: number; to: number }) => ({ from: from * ratio, to: to * ratio })
    return {
      ...record,
      ...KIT,
      countsPerMillivolt: undefined,
      rateHz,
      samples: Array.from({ length: Math.floor(samples.length * ratio) }, (_, i) => {
        const value = at(i / ratio)
        if (value === null) return null
        return Math.min(KIT.highest, Math.max(KIT.lowest, Math.round(KIT.zero + (value - middle) * scale)))
      }),
      reference: {
        beats: reference.beats.map((index) => index * ratio),
        flutter: reference.flutter.map(span),
        rhythms: reference.rhythms.map((rhythm) => ({ ...rhythm, ...span(rhythm) })),
      },
    }
  }
}

/** @param millivolts of noise at `t` seconds, sample `i` */
const noisy = (millivolts: (t: number, i: number) => number): Variant['of'] => {
  return (record) => ({
    ...record,
    samples: record.samples.map((sample, i) => {
      const added = millivolts(i / record.rateHz, i) * (record.countsPerMillivolt ?? KIT.countsPerMillivolt)
      return sample === null ? null : Math.round(sample + added)
    }),
    // The converter's ends lie where they were: noise is added behind them.
    lowest: Number.NEGATIVE_INFINITY,
    highest: Number.POSITIVE_INFINITY,
  })
}

/** Mean 0, variance 1. */
const gaussian = (seed: number, i: number) =>
  Math.sqrt(-2 * Math.log(uniform(seed, 2 * i) + 1e-12)) * Math.cos(2 * Math.PI * uniform(seed, 2 * i + 1))

export const VARIANTS: readonly Variant[] = [
  { name: 'as recorded', of: (record) => record },
  { name: '250 Hz, 10 bit', of: kitAt(250) },
  { name: '125 Hz, 10 bit', of: kitAt(125) },
  { name: '500 Hz, 10 bit', of: kitAt(500) },
  { name: '250 Hz, 10 bit, a fifth of the gain', of: kitAt(250, 0.2) },
  {
    name: 'upside down',
    of: (r) => ({
      ...r,
      samples: r.samples.map((s) => (s === null ? null : -s)),
      lowest: -r.highest,
      highest: -r.lowest,
    }),
  },
  { name: 'wander 1.5 mV', of: noisy((t) => 1.5 * smoothNoise(1, t / 1.5)) },
  { name: 'hum 50 Hz 0.2 mV', of: noisy((t) => 0.2 * Math.sin(2 * Math.PI * 50 * t)) },
  { name: 'muscle 0.1 mV rms', of: noisy((_t, i) => 0.1 * gaussian(2, i)) },
  { name: 'muscle 0.2 mV rms', of: noisy((_t, i) => 0.2 * gaussian(3, i)) },
  { name: 'muscle 0.6 mV rms, 5 s a minute', of: noisy((t, i) => (t % 60 < 5 ? 0.6 * gaussian(4, i) : 0)) },
  {
    name: 'motion: 2 mV steps, 6 a minute',
    of: noisy((t) => {
      const since = t % 10
      return 2 * (uniform(5, Math.floor(t / 10)) - 0.5) * 2 * Math.exp(-since / 0.5)
    }),
  },
]
