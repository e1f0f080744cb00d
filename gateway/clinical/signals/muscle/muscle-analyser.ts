/**
 * EMG in, events out: the envelope (high-pass, then RMS over 200 ms) by the second, quality. A trend: nothing is
 * diagnosed. A function of what was pushed, however it was cut into blocks; memory does not grow.
 */
import { Biquad } from '#gateway/clinical/signals/ecg/filters.js'
import {
  LOST_SHARE,
  QualityJudge,
  SATURATED_SHARE,
  type SignalQuality,
  sameQuality,
} from '#gateway/clinical/signals/quality.js'
import { keepLast } from '#gateway/clinical/signals/statistics.js'
import type { MuscleEvent } from './events.js'

/** Below it lie the baseline and what movement does to the electrodes. */
const CUTOFF_HZ = 20
const BLOCK_MS = 20
const ENVELOPE_MS = 200
const SECOND_MS = 1000
const FLAT_SPAN = 2
const MAINS_HZ = [50, 60] as const
/** Share of the power, as [poor, bad]. Muscle alone has a few percent at one frequency. */
const HUM_SHARE = [0.5, 0.8] as const
/** RMS in counts below which hum disturbs nobody. */
const HUM_LEAST_COUNTS = 3
/** Between the means of one block of 100 ms and the next, counts, as [poor, bad]. */
const STEP_COUNTS = [60, 200] as const
const STEP_BLOCKS = 5
/** Hum of a size that only a loose electrode catches, counts RMS. */
const LOOSE_COUNTS = 40

export interface MuscleAnalyserOptions {
  /** Samples a second, a multiple of 50 from 250 to 1000; the kit sends 250 or 500. */
  readonly rateHz: number
  /** Counts at and beyond which the converter is at a rail. */
  readonly lowest?: number
  readonly highest?: number
}

export class MuscleAnalyser {
  readonly #rateHz: number
  readonly #periodMs: number
  readonly #lowest: number
  readonly #highest: number
  readonly #blockLength: number
  readonly #filter: Biquad
  readonly #turns: readonly number[]
  /** Mean squares of the blocks of the last 200 ms. */
  readonly #squares: number[] = []
  #fresh = true
  #index = 0
  #offset = 0
  #block = { sum: 0, squares: 0, count: 0 }
  #second = emptySecond()
  #means: number[] = []
  #quality: SignalQuality | null = null

  /** @throws RangeError for a rate it was not made for */
  constructor({ rateHz, lowest = 5, highest = 1015 }: MuscleAnalyserOptions) {
    if (!(rateHz >= 250 && rateHz <= 1000 && rateHz % 50 === 0)) {
      throw new RangeError(`an EMG needs 250 to 1000 samples a second, a multiple of 50, not ${rateHz}`)
    }
    this.#rateHz = rateHz
    this.#periodMs = 1000 / rateHz
    this.#lowest = lowest
    this.#highest = highest
    this.#blockLength = (rateHz * BLOCK_MS) / 1000
    this.#filter = new Biquad('high-pass', CUTOFF_HZ, rateHz)
    this.#turns = MAINS_HZ.map((hz) => 2 * Math.cos((2 * Math.PI * hz) / rateHz))
  }

  /** @param samples ADC counts; null: lost */
  push(samples: readonly (number | null)[]): MuscleEvent[] {
    const events: MuscleEvent[] = []
    for (const sample of samples) this.#step(sample, events)
    return events
  }

  /** What comes next begins `gapMs` later. */
  reset(gapMs: number): void {
    this.#offset = this.#now + Math.max(0, gapMs)
    this.#index = 0
    this.#fresh = true
    this.#squares.length = 0
    this.#means.length = 0
    this.#block = { sum: 0, squares: 0, count: 0 }
    this.#second = emptySecond()
    this.#quality = null
  }

  get #now(): number {
    return this.#offset + this.#index * this.#periodMs
  }

  #step(sample: number | null, events: MuscleEvent[]): void {
    const second = this.#second
    second.samples += 1
    if (sample === null) {
      second.lost += 1
      this.#fresh = true
    } else {
      if (sample <= this.#lowest || sample >= this.#highest) second.railed += 1
      second.low = Math.min(second.low, sample)
      second.high = Math.max(second.high, sample)
      if (this.#fresh) this.#filter.settle(sample)
      this.#fresh = false
      const y = this.#filter.next(sample)
      second.power += y * y
      for (const [i, hum] of second.hums.entries()) {
        const s = y + (this.#turns[i] as number) * hum.s1 - hum.s2
        hum.s2 = hum.s1
        hum.s1 = s
      }
      this.#block.sum += sample
      this.#block.squares += y * y
      this.#block.count += 1
    }
    this.#index += 1
    if (this.#index % this.#blockLength === 0) this.#endBlock()
    if (this.#index % this.#rateHz === 0) this.#endSecond(events)
  }

  #endBlock(): void {
    const { sum, squares, count } = this.#block
    this.#block = { sum: 0, squares: 0, count: 0 }
    const second = this.#second
    if (count < this.#blockLength / 2) {
      this.#squares.length = 0
      this.#means.length = 0
      return
    }
    keepLast(this.#means, sum / count, 2 * STEP_BLOCKS)
    if (this.#means.length === 2 * STEP_BLOCKS) {
      const half = (from: number) =>
        this.#means.slice(from, from + STEP_BLOCKS).reduce((a, b) => a + b, 0) / STEP_BLOCKS
      second.step = Math.max(second.step, Math.abs(half(STEP_BLOCKS) - half(0)))
    }
    keepLast(this.#squares, squares / count, ENVELOPE_MS / BLOCK_MS)
    if (this.#squares.length < ENVELOPE_MS / BLOCK_MS) return
    second.envelope += Math.sqrt(this.#squares.reduce((a, b) => a + b, 0) / this.#squares.length)
    second.envelopes += 1
  }

  #endSecond(events: MuscleEvent[]): void {
    const at = this.#now
    const second = this.#second
    this.#second = emptySecond()
    const quality = this.#judge(second)
    if (!sameQuality(this.#quality, quality)) events.push({ type: 'quality', at: at - SECOND_MS, ...quality })
    this.#quality = quality
    const believed = quality.grade !== 'bad' && second.envelopes > 0
    events.push({ type: 'envelope', at, rms: believed ? second.envelope / second.envelopes : null })
  }

  #judge(second: ReturnType<typeof emptySecond>): SignalQuality {
    const { samples, lost, railed, low, high, step } = second
    const judge = new QualityJudge()
      .say('lost-samples', lost / samples, LOST_SHARE)
      .say('saturated', railed / samples, SATURATED_SHARE)
      .say('electrode-movement', step, STEP_COUNTS)
    const seen = samples - lost
    if (seen === 0) return judge.quality
    if (high - low <= FLAT_SPAN && railed < seen) judge.note('flat', 'bad')
    const power = second.power / seen
    const hum = Math.max(...second.hums.map((tone, i) => toneOf(tone, this.#turns[i] as number, seen)))
    if (power > HUM_LEAST_COUNTS ** 2) {
      judge.say('mains-hum', hum / power, HUM_SHARE)
      if (hum / power > HUM_SHARE[0] && hum > LOOSE_COUNTS ** 2) judge.note('electrode-loose', 'bad')
    }
    return judge.quality
  }
}

/** Power of one frequency (Goertzel), in the unit of a mean square. */
function toneOf({ s1, s2 }: { s1: number; s2: number }, turn: number, samples: number): number {
  return (2 * Math.max(0, s1 * s1 + s2 * s2 - turn * s1 * s2)) / (samples * samples)
}

function emptySecond() {
  return {
    samples: 0,
    lost: 0,
    railed: 0,
    low: Number.POSITIVE_INFINITY,
    high: Number.NEGATIVE_INFINITY,
    power: 0,
    step: 0,
    envelope: 0,
    envelopes: 0,
    hums: MAINS_HZ.map(() => ({ s1: 0, s2: 0 })),
  }
}
