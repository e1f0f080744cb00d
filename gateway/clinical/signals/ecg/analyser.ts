/**
 * One ECG lead in, events out: beats at once, everything else when the second they belong to can be judged. A function of
 * what was pushed, however it was cut into blocks; memory does not grow.
 */
import { type Grade, type SignalQuality, sameQuality } from '#gateway/clinical/signals/quality.js'
import { BeatDetector, HIGHEST_RATE_HZ, LATENCY_MS, LOWEST_RATE_HZ } from './beat-detector.js'
import { BeatShapes } from './beat-shapes.js'
import { agreement, BeatTimes } from './beat-times.js'
import type { EcgEvent, RateUnknown } from './events.js'
import { type FibrillationTurn, FibrillationWatch } from './fibrillation.js'
import { MovingMedian } from './filters.js'
import { FlatRuns } from './flat-runs.js'
import { HeartRate } from './heart-rate.js'
import { IrregularityWatch } from './irregularity.js'
import { judge, type WindowFeatures, WindowMeter } from './quality.js'
import { SlopeDetector } from './slope-detector.js'
import { Standstill } from './standstill.js'

/** Lost samples up to this are bridged by a straight line; beyond it everything but the beat's size starts anew. */
export const LONGEST_BRIDGE_MS = 200
/** Least amplitude of a beat where mV are known (IEC 60601-2-27 lets 0.15 mV go unseen), and where they are not. */
const LEAST_MILLIVOLTS = 0.1
const LEAST_COUNTS = 10
const AGREEMENT_S = 5
const AGREEMENT_MS = 150
const RATE_EACH_S = 5
/** Bad seconds of the last five with which a mean rate can still be given. */
const BAD_SECONDS_BORNE = 2
/** Without an interval that can be believed the rate is void after so long, and the trace unreadable; a first one takes longer. */
const RATE_VOID_MS = 5000
const UNREADABLE_MS = 10_000
const FIRST_INTERVAL_MS = 20_000
/** Without an interval that can be believed for as long as this nothing is known of the rhythm. */
const RHYTHM_FORGOTTEN_MS = 60_000
/** Share of an interval without contact with which it is no pause. */
const NO_CONTACT = 0.3
/** A gap is gone through sample by sample this far; the rest of it is only counted. */
const GAP_WALKED_MS = 20_000
/** Windows measured and not yet judged, at most: learning and latency. */
const PENDING = 8

export interface EcgAnalyserOptions {
  /** Samples a second, 125 to 500. */
  readonly rateHz: number
  /** Counts at which the converter ends; without them saturation is not seen. */
  readonly lowest?: number
  readonly highest?: number
  /** Where calibrated; the kit is not. */
  readonly countsPerMillivolt?: number
  /** An interval longer than this is a pause. */
  readonly pauseMs?: number
  /** No beat for as long as this is an asystole. */
  readonly asystoleMs?: number
}

interface Window {
  /** Sample number of its first sample. */
  start: number
  end: number
  features: WindowFeatures
  /** See BeatDetector. */
  noiseShare: number
}

export class EcgAnalyser {
  readonly #rateHz: number
  readonly #windowLength: number
  readonly #latency: number
  readonly #longestBridge: number
  readonly #detector: BeatDetector
  readonly #second: SlopeDetector
  readonly #meter: WindowMeter
  readonly #beats = new BeatTimes()
  /** Those of them whose shape is known. */
  readonly #known = new BeatTimes()
  readonly #shapes: BeatShapes
  readonly #secondBeats = new BeatTimes()
  readonly #amplitudes = new MovingMedian(32)
  readonly #rate = new HeartRate()
  readonly #irregularity = new IrregularityWatch()
  readonly #standstill: Standstill
  readonly #fibrillation: FibrillationWatch
  readonly #flats: FlatRuns
  readonly #asystoleMs: number
  /** Sample number up to which there were no organised beats. */
  #organisedFrom = 0
  readonly #pending: Window[] = []
  #index = 0
  /** Lost samples not yet bridged. */
  #missing = 0
  #inGap = true
  #lastValue = 0
  #windowStart = 0
  #events: EcgEvent[] = []
  /** For the `beat` event. */
  #lastSeen = -1
  /** The last beat that can be believed, of an unbroken row; −1: none. */
  #lastBelieved = -1
  #lastInterval = Number.NEGATIVE_INFINITY
  /** Of the trace, without such an interval; what is lost, flat or told as something worse does not count. */
  #unreadMs = 0
  #unreadSince = 0
  #unreadable = false
  #follows = false
  #quality: SignalQuality | null = null
  /** Grades of the last five seconds, the newest first. */
  readonly #grades: Grade[] = []
  #judged = 0
  #rateUnknown: RateUnknown | null = null
  /** Of the last rate said; −1: none yet. */
  #rateAt = -1

  /** @throws RangeError for a rate it was not made for */
  constructor(options: EcgAnalyserOptions) {
    const { rateHz, countsPerMillivolt, pauseMs = 3000, asystoleMs = 4000 } = options
    if (!(rateHz >= LOWEST_RATE_HZ && rateHz <= HIGHEST_RATE_HZ)) {
      throw new RangeError(`an ECG needs ${LOWEST_RATE_HZ} to ${HIGHEST_RATE_HZ} samples a second, not ${rateHz}`)
    }
    const leastAmplitude = countsPerMillivolt === undefined ? LEAST_COUNTS : LEAST_MILLIVOLTS * countsPerMillivolt
    this.#rateHz = rateHz
    this.#windowLength = Math.round(rateHz)
    this.#latency = Math.ceil((LATENCY_MS * rateHz) / 1000)
    this.#longestBridge = Math.floor((LONGEST_BRIDGE_MS * rateHz) / 1000)
    this.#shapes = new BeatShapes(rateHz)
    this.#detector = new BeatDetector({
      rateHz,
      leastAmplitude,
      onBeat: ({ index, amplitude }) => {
        const rrMs = this.#lastSeen < 0 ? null : this.#ms(index - this.#lastSeen)
        this.#lastSeen = index
        this.#beats.push(index)
        this.#amplitudes.push(amplitude)
        if (this.#shapes.take(index, amplitude)) this.#known.push(index)
        this.#events.push({ type: 'beat', at: this.#ms(index), index, rrMs })
      },
    })
    this.#second = new SlopeDetector({ rateHz, leastAmplitude, onBeat: (index) => this.#secondBeats.push(index) })
    this.#meter = new WindowMeter({
      rateHz,
      length: this.#windowLength,
      lowest: options.lowest ?? Number.NEGATIVE_INFINITY,
      highest: options.highest ?? Number.POSITIVE_INFINITY,
    })
    this.#standstill = new Standstill({ pauseMs, asystoleMs })
    this.#flats = new FlatRuns(rateHz)
    this.#asystoleMs = asystoleMs
    this.#fibrillation = new FibrillationWatch({ rateHz, leastAmplitude })
  }

  /** @param samples in ADC counts, one after the other; null: lost */
  push(samples: readonly (number | null)[]): EcgEvent[] {
    this.#events = []
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i] as number | null
      if (sample === null) this.#lose()
      else this.#take(sample)
    }
    return this.#events
  }

  /** The same as `samples` nulls, at once. */
  gap(samples: number): EcgEvent[] {
    this.#events = []
    const walked = Math.min(samples, Math.ceil((GAP_WALKED_MS * this.#rateHz) / 1000))
    for (let i = 0; i < walked; i++) this.#lose()
    const skipped = samples - walked
    if (skipped > 0) {
      // Whole windows only, so that it makes no difference whether a gap is told in one piece or in two.
      const windows = Math.floor(skipped / this.#windowLength)
      this.#index += windows * this.#windowLength
      this.#windowStart += windows * this.#windowLength
      for (const window of this.#pending) {
        window.start += windows * this.#windowLength
        window.end += windows * this.#windowLength
      }
      for (let i = windows * this.#windowLength; i < skipped; i++) this.#lose()
    }
    return this.#events
  }

  #take(x: number): void {
    if (this.#inGap) this.#inGap = false
    else if (this.#missing > 0) {
      const step = (x - this.#lastValue) / (this.#missing + 1)
      const first = this.#index - this.#missing
      for (let i = 0; i < this.#missing; i++) this.#detect(first + i, this.#lastValue + (i + 1) * step)
    }
    this.#missing = 0
    this.#lastValue = x
    this.#meter.push(x)
    this.#detect(this.#index, x)
    this.#advance()
  }

  #lose(): void {
    this.#missing++
    if (!this.#inGap && this.#missing > this.#longestBridge) {
      this.#inGap = true
      this.#lastSeen = -1
      this.#detector.restart()
      this.#second.restart()
      this.#meter.restart()
      this.#fibrillation.restart()
      this.#flats.restart()
      this.#shapes.restart()
    }
    this.#meter.lose()
    this.#advance()
  }

  #detect(index: number, x: number): void {
    this.#shapes.push(index, x)
    this.#detector.push(index, x)
    this.#second.push(index, x)
    this.#flats.push(index, x)
    const turn = this.#fibrillation.push(index, x)
    if (turn) this.#turn(turn, this.#ms(index + 1))
  }

  #turn({ change, since, still }: FibrillationTurn, at: number): void {
    this.#organisedFrom = since
    if (change === 'end') {
      this.#events.push({ type: 'fibrillation-end', at, since: this.#ms(since), still })
      return
    }
    this.#events.push({ type: 'fibrillation-begin', at, since: this.#ms(since) })
    this.#disbelieve()
    this.#forgetRhythm(at)
    this.#sayRate(at)
  }

  #advance(): void {
    this.#index++
    if (this.#index - this.#windowStart === this.#windowLength) {
      const { noiseShare } = this.#detector
      this.#pending.push({ start: this.#windowStart, end: this.#index, features: this.#meter.take(), noiseShare })
      this.#windowStart = this.#index
    }
    const next = this.#pending[0]
    if (!next || this.#index < next.end + this.#latency) return
    if (this.#detector.learning && this.#pending.length < PENDING) return
    this.#pending.shift()
    this.#judge(next)
  }

  #judge(window: Window): void {
    const { start, end } = window
    const beats = this.#beats.between(start, end)
    const quality = this.#qualityOf(window)
    if (!sameQuality(this.#quality, quality)) this.#events.push({ type: 'quality', at: this.#ms(start), ...quality })
    this.#quality = quality
    this.#grades.unshift(quality.grade)
    if (this.#grades.length > RATE_EACH_S) this.#grades.pop()
    this.#judged++
    // A flat line is what a heart that stands still looks like, too: it is told as such, never silently taken for noise.
    const flat = quality.reasons.includes('flat')
    const believed = quality.grade !== 'bad' || (flat && quality.reasons.length === 1)
    if (!believed || this.#isUnorganised || start < this.#organisedFrom) this.#disbelieve()
    else {
      for (const index of beats) this.#believe(index)
      this.#standstill.quiet(this.#ms(start), this.#ms(end), flat, this.#events)
    }
    const now = this.#ms(end)
    if (now - this.#lastInterval > RHYTHM_FORGOTTEN_MS) this.#forgetRhythm(now)
    this.#watchReadable(quality, this.#ms(start), now)
    this.#sayRate(now)
  }

  #watchReadable({ reasons }: SignalQuality, start: number, end: number): void {
    if (this.#lastInterval >= start) return
    if (reasons.includes('flat') || reasons.includes('lost-samples')) return
    if (this.#isUnorganised || this.#standstill.asystole) return
    if (this.#unreadMs === 0) this.#unreadSince = Math.max(start, this.#lastInterval)
    this.#unreadMs += end - start
    const most = this.#lastInterval < 0 ? FIRST_INTERVAL_MS : UNREADABLE_MS
    if (this.#unreadable || this.#unreadMs < most) return
    this.#unreadable = true
    this.#events.push({ type: 'unreadable-begin', at: end, since: this.#unreadSince })
  }

  #qualityOf({ features, start, end, noiseShare }: Window): SignalQuality {
    // What the first seconds after a gap lack says nothing.
    const from = Math.max(end - AGREEMENT_S * this.#windowLength, this.#second.readyAt)
    const row = this.#beats.between(from, end)
    const tolerance = (AGREEMENT_MS * this.#rateHz) / 1000
    // A beat at the edge is the second detector's on one side and the first one's on the other.
    const other = this.#secondBeats.between(from - tolerance, end + tolerance).filter((index) => {
      return (index >= from && index < end) || row.some((beat) => Math.abs(beat - index) <= tolerance)
    })
    const two = this.#beats.between(start - this.#windowLength, end).length
    return judge(features, {
      amplitude: this.#amplitudes.quantile(),
      noiseShare,
      rate: (60 * two * this.#rateHz) / (2 * this.#windowLength),
      disagreement: 1 - agreement(row, other, tolerance),
    })
  }

  #believe(index: number): void {
    const at = this.#ms(index)
    let lost = 0
    if (this.#lastBelieved >= 0) {
      const interval = this.#ms(index - this.#lastBelieved)
      lost = this.#flats.lost(this.#lastBelieved, index)
      if (lost === 0 && this.#isSure(this.#lastBelieved, index) && interval < this.#asystoleMs)
        this.#count(interval, at)
      else this.#follows = false
    }
    this.#lastBelieved = index
    this.#standstill.beat(at, lost < NO_CONTACT, this.#events)
  }

  /** Both beats have a shape that this heart has, and nobody saw another between them. */
  #isSure(from: number, to: number): boolean {
    if (this.#known.between(from, from + 1).length === 0 || this.#known.between(to, to + 1).length === 0) return false
    const tolerance = (AGREEMENT_MS * this.#rateHz) / 1000
    return this.#secondBeats.between(from + tolerance, to - tolerance).length === 0
  }

  #count(interval: number, at: number): void {
    this.#rate.push(interval, at)
    this.#lastInterval = at
    this.#unreadMs = 0
    if (this.#unreadable) this.#events.push({ type: 'unreadable-end', at })
    this.#unreadable = false
    if (this.#shapes.blurred) {
      this.#follows = false
      return
    }
    const turn = this.#irregularity.push(interval, at, this.#follows)
    this.#follows = true
    if (turn?.change === 'begin') {
      this.#events.push({ type: 'rhythm-begin', rhythm: 'irregular', at, since: turn.since })
    } else if (turn) this.#events.push({ type: 'rhythm-end', rhythm: 'irregular', at, reason: 'regular' })
  }

  #disbelieve(): void {
    this.#lastBelieved = -1
    this.#follows = false
    this.#standstill.unbelievable()
  }

  #forgetRhythm(at: number): void {
    if (this.#irregularity.irregular) {
      this.#events.push({ type: 'rhythm-end', rhythm: 'irregular', at, reason: 'unknown' })
    }
    this.#irregularity.reset()
  }

  get #voidAfterMs(): number {
    return this.#lastInterval < 0 ? FIRST_INTERVAL_MS : RATE_VOID_MS
  }

  get #isUnorganised(): boolean {
    return this.#fibrillation.active || this.#fibrillation.suspected
  }

  #sayRate(now: number): void {
    const bad = this.#grades.filter((grade) => grade === 'bad').length
    const mean = this.#rate.at(now)
    let unknown: RateUnknown | null = null
    if (this.#isUnorganised) unknown = 'no-organised-beats'
    else if (this.#standstill.asystole) unknown = 'no-beats'
    else if (bad > BAD_SECONDS_BORNE || this.#unreadMs >= this.#voidAfterMs || this.#shapes.blurred)
      unknown = 'poor-signal'
    else if (mean === null) unknown = 'learning'
    // What comes after it is counted anew.
    if (unknown !== null && unknown !== 'learning') this.#rate.reset()
    const changed = this.#rateAt < 0 || unknown !== this.#rateUnknown
    if (!changed && (unknown !== null || this.#judged % RATE_EACH_S !== 0)) return
    this.#rateUnknown = unknown
    // Fibrillation is said sooner than a second is judged: no rate after it is older.
    this.#rateAt = Math.max(now, this.#rateAt + 1)
    this.#events.push({ type: 'rate', at: this.#rateAt, perMinute: unknown === null ? mean : null, unknown })
  }

  #ms(samples: number): number {
    return (samples * 1000) / this.#rateHz
  }
}
