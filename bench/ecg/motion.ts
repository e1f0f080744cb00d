/**
 * Recorded noise over recorded hearts: what is said of the rate and of the heart where an electrode moves. Mixed as the MIT-BIH
 * Noise Stress Test Database was made (Moody GB, Muldrow WE, Mark RG. A noise stress test for arrhythmia detectors.
 * Computers in Cardiology 11:381-384, 1984; `nst(1)`): five quiet minutes, then two with noise and two without in turns.
 */
import type { EcgEvent } from '#gateway/clinical/signals/ecg/events.js'
import { median } from '#gateway/clinical/signals/statistics.js'
import type { Span } from './annotations.js'
import type { BenchRecord } from './record.js'
import type { Run } from './run.js'
import { LEARNING_S } from './score.js'

const STRETCH_S = 120
/** A rate further from the annotated one than both is wrong: /min, and a share of it (ANSI/AAMI EC13, 4.2.7: 10 % or 5 /min). */
const WRONG = { perMinute: 5, share: 0.1 }
/** The annotated rate is the mean of so many intervals, told up to two beats later: the edge is not a mistake. */
const INTERVALS = 8
/** What says something of the heart; where the annotations have no rhythm but the normal one, each is false. */
const ALARMS: ReadonlySet<EcgEvent['type']> = new Set(['pause', 'asystole-begin', 'fibrillation-begin', 'rhythm-begin'])

export interface MotionScore {
  /** Seconds of noise; of these with a rate shown, and with a wrong one. */
  readonly seconds: number
  readonly known: number
  readonly wrong: number
  /** What was told of the heart meanwhile, by kind. */
  readonly told: Readonly<Record<string, number>>
}

/** The stretches with noise, in seconds. */
export function noisyStretches({ samples, rateHz }: BenchRecord): Span[] {
  const end = samples.length / rateHz
  const stretches: Span[] = []
  for (let from = LEARNING_S; from < end; from += 2 * STRETCH_S)
    stretches.push({ from, to: Math.min(end, from + STRETCH_S) })
  return stretches
}

/** @param noise recorded without a heart, at the record's rate @param decibels signal over noise, in power */
export function withMotion(record: BenchRecord, noise: BenchRecord, decibels: number): BenchRecord {
  const { samples, rateHz, reference } = record
  // As nst does, with medians: the signal's power is that of a sine as high as its QRS complexes, the noise's that of seconds.
  const half = Math.round(0.05 * rateHz)
  const heights = reference.beats.slice(0, 300).map((beat) => {
    const complex = numbers(samples.slice(Math.max(0, beat - half), beat + half))
    return Math.max(...complex) - Math.min(...complex)
  })
  const powers: number[] = []
  for (let i = 0; i + rateHz <= noise.samples.length; i += rateHz)
    powers.push(variance(numbers(noise.samples.slice(i, i + rateHz))))
  const gain = Math.sqrt(median(heights) ** 2 / 8 / 10 ** (decibels / 10) / median(powers))
  const stretches = noisyStretches(record)
  return {
    ...record,
    samples: samples.map((sample, i) => {
      const there = stretches.some(({ from, to }) => i >= from * rateHz && i < to * rateHz)
      const added = noise.samples[i % noise.samples.length]
      return sample === null || !there || added == null ? sample : Math.round(sample + gain * added)
    }),
    // The converter's ends lie where they were: noise is added behind them.
    lowest: Number.NEGATIVE_INFINITY,
    highest: Number.POSITIVE_INFINITY,
  }
}

/** @param run of a record that `withMotion` made */
export function scoreMotion({ record, events, told }: Run): MotionScore {
  const stretches = noisyStretches(record)
  const beats = record.reference.beats.map((beat) => beat / record.rateHz)
  const inNoise = (second: number) => stretches.some(({ from, to }) => second >= from && second < to)
  const counts: Record<string, number> = {}
  let [seconds, known, wrong, next, beat] = [0, 0, 0, 0, 0]
  let rate: number | null = null
  for (let second = 0; second < record.samples.length / record.rateHz; second++) {
    for (; next < events.length && (told[next] as number) <= second; next++) {
      const event = events[next] as EcgEvent
      if (event.type === 'rate') rate = event.perMinute
      else if (ALARMS.has(event.type) && inNoise(told[next] as number))
        counts[event.type] = (counts[event.type] ?? 0) + 1
    }
    while (beat < beats.length && (beats[beat] as number) <= second) beat++
    if (!inNoise(second)) continue
    seconds++
    if (rate === null) continue
    known++
    const off = [-2, -1, 0, 1].map((shift) => Math.abs((rate as number) - annotatedRate(beats, beat - 1 + shift)))
    const least = Math.min(...off)
    if (least > WRONG.perMinute && least > WRONG.share * rate) wrong++
  }
  return { seconds, known, wrong, told: counts }
}

export function addMotion(a: MotionScore, b: MotionScore): MotionScore {
  const told = { ...a.told }
  for (const [type, count] of Object.entries(b.told)) told[type] = (told[type] ?? 0) + count
  return { seconds: a.seconds + b.seconds, known: a.known + b.known, wrong: a.wrong + b.wrong, told }
}

/** /min, of the intervals that end with a beat. */
function annotatedRate(beats: readonly number[], last: number): number {
  const to = Math.min(last, beats.length - 1)
  const from = Math.max(0, to - INTERVALS)
  return (60 * (to - from)) / ((beats[to] ?? 0) - (beats[from] ?? 0))
}

const numbers = (samples: BenchRecord['samples']) => samples.filter((sample) => sample !== null)

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
}
