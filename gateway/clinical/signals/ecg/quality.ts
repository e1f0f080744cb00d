/**
 * How far one second of an ECG can be believed. Amplitudes are judged against the patient's own beats, as the kit's
 * gain is not known. After the kinds of noise and indices of Li, Mark and Clifford 2008 (see slope-detector.ts) and of
 * Satija U, Ramkumar B, Manikandan MS. A review of signal processing techniques for ECG signal quality assessment.
 * IEEE Rev Biomed Eng 11:36-52, 2018. The limits are the project's own.
 */
import { QualityJudge, type SignalQuality } from '#gateway/clinical/signals/quality.js'
import { Biquad, MovingMedian } from './filters.js'

/** Limits as [poor, bad]; amplitudes as shares of a beat's. */
const LIMITS = {
  /** Share of samples. */
  lost: [0.02, 0.2],
  saturated: [0.01, 0.1],
  /** Peak to peak of the quarter seconds' means. */
  wander: [1, 4],
  /** Between one quarter second's mean and the next. */
  motion: [1, 2.5],
  /** Peak to peak of all. */
  range: [3.5, 7],
  /** Amplitude of 50 or 60 Hz. */
  hum: [0.08, 0.4],
  /** Median |signal above 35 Hz|. */
  muscle: [0.05, 0.14],
  /** Of a beat, in the band of beats. */
  between: [0.25, 0.45],
  /** Beats a minute. */
  rate: [300, 330],
  /** Share of beats that only one detector sees, over DETECTOR_S seconds. */
  disagreement: [0.25, 0.5],
} as const satisfies Record<string, readonly [poor: number, bad: number]>

/** Counts: what moves less is flat. */
export const FLAT_SPAN = 2
const MUSCLE_HZ = 35
const MAINS_HZ = [50, 60] as const
/** A QRS is in one or two of them, noise in all. */
const BLOCK_MS = 50
const QUARTERS = 4

/** What one second was like; amplitudes in the input's unit. */
export interface WindowFeatures {
  readonly samples: number
  readonly lost: number
  readonly railed: number
  readonly span: number
  readonly wander: number
  readonly step: number
  readonly hum: number
  readonly muscle: number
}

/** Measures one window after the other, sample by sample. */
export class WindowMeter {
  readonly #length: number
  readonly #lowest: number
  readonly #highest: number
  readonly #highPass: Biquad
  readonly #blockLength: number
  readonly #blocks: MovingMedian
  readonly #turns: readonly number[]
  readonly #hums: { s1: number; s2: number }[] = MAINS_HZ.map(() => ({ s1: 0, s2: 0 }))
  readonly #means = new Float64Array(QUARTERS + 1)
  #fresh = true
  #samples = 0
  #lost = 0
  #railed = 0
  #low = Number.POSITIVE_INFINITY
  #high = Number.NEGATIVE_INFINITY
  #blockSum = 0
  #blockCount = 0
  #quarterSum = 0
  #quarterCount = 0
  #quarter = 0
  /** What the tones are measured from, so that rounding stays small. */
  #origin = 0

  constructor(options: { rateHz: number; length: number; lowest: number; highest: number }) {
    const { rateHz, length } = options
    this.#length = length
    this.#lowest = options.lowest
    this.#highest = options.highest
    this.#highPass = new Biquad('high-pass', MUSCLE_HZ, rateHz)
    this.#blockLength = Math.max(1, Math.round((BLOCK_MS * rateHz) / 1000))
    this.#blocks = new MovingMedian(Math.ceil(length / this.#blockLength))
    this.#turns = MAINS_HZ.map((hz) => 2 * Math.cos((2 * Math.PI * hz) / rateHz))
    this.#means.fill(Number.NaN)
  }

  lose(): void {
    this.#samples++
    this.#lost++
  }

  /** What comes next has nothing to do with what was. */
  restart(): void {
    this.#fresh = true
    this.#means.fill(Number.NaN)
    this.#quarterSum = 0
    this.#quarterCount = 0
  }

  push(x: number): void {
    if (this.#fresh) {
      this.#fresh = false
      this.#highPass.settle(x)
      this.#origin = x
    }
    this.#samples++
    if (x <= this.#lowest || x >= this.#highest) this.#railed++
    if (x < this.#low) this.#low = x
    if (x > this.#high) this.#high = x
    this.#blockSum += Math.abs(this.#highPass.next(x))
    if (++this.#blockCount === this.#blockLength) {
      this.#blocks.push(this.#blockSum / this.#blockLength)
      this.#blockSum = 0
      this.#blockCount = 0
    }
    for (let i = 0; i < this.#hums.length; i++) {
      const hum = this.#hums[i] as { s1: number; s2: number }
      const s = x - this.#origin + (this.#turns[i] as number) * hum.s1 - hum.s2
      hum.s2 = hum.s1
      hum.s1 = s
    }
    this.#quarterSum += x
    if (++this.#quarterCount >= this.#length / QUARTERS) this.#endQuarter()
  }

  /** Ends the window. */
  take(): WindowFeatures {
    const means = this.#means
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    let step = 0
    for (let i = 0; i < means.length; i++) {
      const mean = means[i] as number
      if (Number.isNaN(mean)) continue
      low = Math.min(low, mean)
      high = Math.max(high, mean)
      const before = i > 0 ? (means[i - 1] as number) : Number.NaN
      if (!Number.isNaN(before)) step = Math.max(step, Math.abs(mean - before))
    }
    const valid = this.#samples - this.#lost
    let hum = 0
    for (let i = 0; i < this.#hums.length; i++) {
      const tone = this.#hums[i] as { s1: number; s2: number }
      const power = tone.s1 ** 2 + tone.s2 ** 2 - (this.#turns[i] as number) * tone.s1 * tone.s2
      if (valid > 0) hum = Math.max(hum, (2 * Math.sqrt(Math.max(0, power))) / valid)
      tone.s1 = 0
      tone.s2 = 0
    }
    const features = {
      samples: this.#samples,
      lost: this.#lost,
      railed: this.#railed,
      span: valid > 0 ? this.#high - this.#low : 0,
      wander: high > low ? high - low : 0,
      step,
      hum,
      muscle: this.#blocks.quantile(),
    }
    this.#blocks.reset()
    this.#samples = 0
    this.#lost = 0
    this.#railed = 0
    this.#low = Number.POSITIVE_INFINITY
    this.#high = Number.NEGATIVE_INFINITY
    // The last quarter of this window stands before the first of the next.
    means[0] = means[this.#quarter] as number
    means.fill(Number.NaN, 1)
    this.#quarter = 0
    return features
  }

  #endQuarter(): void {
    if (this.#quarter < QUARTERS) this.#quarter++
    this.#means[this.#quarter] = this.#quarterSum / this.#quarterCount
    this.#quarterSum = 0
    this.#quarterCount = 0
  }
}

export interface BeatEvidence {
  /** Usual peak-to-peak amplitude of this patient's beats; 0 when none is known. */
  readonly amplitude: number
  /** What lies between beats, in their band, as a share of them. */
  readonly noiseShare: number
  /** Beats a minute in the window and the one before it. */
  readonly rate: number
  /** Share of the last seconds' beats that only one of the two detectors saw. */
  readonly disagreement: number
}

/** good; poor: beats can be believed, shapes cannot; bad: nothing can be concluded. */
export function judge(features: WindowFeatures, evidence: BeatEvidence): SignalQuality {
  const samples = Math.max(1, features.samples)
  const judged = new QualityJudge()
    .say('lost-samples', features.lost / samples, LIMITS.lost)
    .say('saturated', features.railed / samples, LIMITS.saturated)
  const flat = features.span <= FLAT_SPAN && features.lost < features.samples && features.railed < features.samples
  if (flat) judged.note('flat', 'bad')
  const { amplitude } = evidence
  if (amplitude > 0) {
    // Hum is above 35 Hz, too: what is left beside it is muscle.
    const muscle = Math.max(0, features.muscle - 0.64 * features.hum)
    judged
      .say('motion', features.step / amplitude, LIMITS.motion)
      .say('motion', features.span / amplitude, LIMITS.range)
      .say('baseline-wander', features.wander / amplitude, LIMITS.wander)
      .say('muscle-noise', muscle / amplitude, LIMITS.muscle)
      .say('mains-hum', features.hum / amplitude, LIMITS.hum)
  }
  return judged
    .say('noise-between-beats', evidence.noiseShare, LIMITS.between)
    .say('impossible-rate', evidence.rate, LIMITS.rate)
    .say('detectors-disagree', evidence.disagreement, LIMITS.disagreement).quality
}
