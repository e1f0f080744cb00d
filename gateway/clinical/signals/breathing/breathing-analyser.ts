/**
 * Airflow of a nasal thermocouple in, events out: breaths, respiration rate, pauses, quality. The gain is not known, so
 * all is measured against this patient's usual breath: a breath is an excursion of the flow of at least 30 % of it, and
 * no flow is less than 10 % of it for 10 s, after the apnoea criterion of sleep laboratories (Berry RB et al. Rules for
 * scoring respiratory events in sleep. J Clin Sleep Med 8(5):597-619, 2012: a drop by ≥ 90 % for ≥ 10 s). A function of
 * what was pushed, however it was cut into blocks; memory does not grow.
 */

import { type Excursion, Excursions } from '#gateway/clinical/signals/excursions.js'
import {
  LOST_SHARE,
  QualityJudge,
  SATURATED_SHARE,
  type SignalQuality,
  sameQuality,
} from '#gateway/clinical/signals/quality.js'
import { keepLast, median, quantile } from '#gateway/clinical/signals/statistics.js'
import type { BreathingEvent, ProbeReason } from './events.js'
import { RespirationRate } from './respiration-rate.js'

/** Counts beyond which the input is open or saturated. The quiet baseline lies near zero: there is no lower rail. */
const HIGHEST = 1015
/** A pause as long as this is an event. */
const APNOEA_MS = 10_000
/** Samples are averaged over this first: twelve points of the fastest breath. */
const POINT_MS = 80
const QUALITY_MS = 10_000
const RATE_EACH_MS = 5000
/** Points whose median is looked at: what is shorter than half of them is a spike, not a breath. */
const MEDIAN_POINTS = 5
/** 85 /min: closer peaks are one breath. */
const REFRACTORY_MS = 700
/** Counts: the shield's gain is not documented; what is smaller than this can be noise of the converter. */
const LEAST_COUNTS = 12
const BREATH_SHARE = 0.3
const FLOW_SHARE = 0.1
/** Breaths that make the usual one; its size is that of the larger ones, so that notches do not shrink it. */
const USUAL = 8
const USUAL_QUANTILE = 0.7
/** Breaths that must have been seen before their absence says anything. */
const KNOWN = 2
/** A gap as long as this can hide a breath: the pause is counted anew. */
const BLIND_MS = 3000
/** Most converters that are connected to anything show their noise; counts, peak to peak. */
const FLAT_SPAN = 1
const FLAT_MS = 10_000
/** A railed input for as long as this is a wire, not a breath that is too strong. */
const RAILED_MS = 3000
/** The level of a displaced probe lies beyond its usual range by this share of a breath. */
const DISPLACED_SHARE = 0.75
/** Over this long. */
const DISPLACED_MS = 4000
/** A converter's own noise is nobody's fault; counts. */
const QUIET_COUNTS = 3
/** Shares of the usual breath, as [poor, bad]. */
const NOISE = [0.1, 0.35] as const
const JUMP = [0.8, 2] as const
const DRIFT = [0.6, 1.5] as const

export interface BreathingAnalyserOptions {
  /** Samples a second; the kit sends 25 or 50. */
  readonly rateHz: number
  /** A pause as long as this is an alarm, 10 to 40 s. */
  readonly alarmMs?: number
}

interface Pause {
  since: number
  alarmed: boolean
}

export class BreathingAnalyser {
  readonly #periodMs: number
  readonly #pointLength: number
  readonly #alarmMs: number
  readonly #turns = new Excursions()
  readonly #rate = new RespirationRate()
  readonly #amplitudes: number[] = []
  /** Lowest points before, and peaks of, the last breaths. */
  readonly #floors: number[] = []
  readonly #peaks: number[] = []
  readonly #points: number[] = []
  /** Of the last DISPLACED_MS. */
  readonly #recent: number[] = []
  #index = 0
  #offset = 0
  #point = { sum: 0, count: 0, low: 0, high: 0, seen: 0 }
  #lastPoint: number | null = null
  /** The last two samples, where nothing is lost between. */
  readonly #samples: number[] = []
  #lostMs = 0
  #breaths = 0
  #lastBreathAt = Number.NEGATIVE_INFINITY
  /** Since when there was no flow; null: not known. */
  #silentSince: number | null = null
  #pause: Pause | null = null
  #probe: ProbeReason | null = null
  #railedMs = 0
  #flat = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY, ms: 0 }
  #window = emptyWindow()
  #quality: SignalQuality | null = null

  /** @throws RangeError for a rate or an alarm it was not made for */
  constructor({ rateHz, alarmMs = 20_000 }: BreathingAnalyserOptions) {
    if (!(rateHz >= 20 && rateHz <= 100))
      throw new RangeError(`airflow needs 20 to 100 samples a second, not ${rateHz}`)
    if (!(alarmMs >= 10_000 && alarmMs <= 40_000)) throw new RangeError('an apnoea alarm comes after 10 to 40 s')
    this.#periodMs = 1000 / rateHz
    this.#pointLength = Math.max(1, Math.round(POINT_MS / this.#periodMs))
    this.#alarmMs = alarmMs
  }

  /** @param samples ADC counts; null: lost */
  push(samples: readonly (number | null)[]): BreathingEvent[] {
    const events: BreathingEvent[] = []
    for (const sample of samples) this.#step(sample, events)
    return events
  }

  /** What comes next begins `gapMs` later and continues nothing. @returns the end of a pause that cannot be followed */
  reset(gapMs: number): BreathingEvent[] {
    const events: BreathingEvent[] = []
    this.#endPause(this.#now, 'signal-lost', events)
    if (this.#probe) events.push({ type: 'probe-end', at: this.#now })
    this.#offset = this.#now + Math.max(0, gapMs)
    this.#index = 0
    this.#forget()
    this.#probe = null
    this.#railedMs = 0
    this.#flat = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY, ms: 0 }
    this.#point = { sum: 0, count: 0, low: 0, high: 0, seen: 0 }
    this.#window = emptyWindow()
    this.#lostMs = 0
    this.#quality = null
    return events
  }

  get #now(): number {
    return this.#offset + this.#index * this.#periodMs
  }

  /** A patient's breath anew: after the probe was moved, its size is another. */
  #forget(): void {
    this.#turns.reset()
    this.#rate.reset()
    this.#amplitudes.length = 0
    this.#floors.length = 0
    this.#peaks.length = 0
    this.#recent.length = 0
    this.#points.length = 0
    this.#lastPoint = null
    this.#breaths = 0
    this.#lastBreathAt = Number.NEGATIVE_INFINITY
    this.#silentSince = null
  }

  get #usual(): number {
    return this.#amplitudes.length === 0 ? 0 : quantile(this.#amplitudes, USUAL_QUANTILE)
  }

  #step(sample: number | null, events: BreathingEvent[]): void {
    const window = this.#window
    const point = this.#point
    window.samples += 1
    point.seen += 1
    if (sample === null) {
      window.lost += 1
      this.#samples.length = 0
      this.#lostMs += this.#periodMs
      if (this.#lostMs >= BLIND_MS && this.#silentSince !== null) {
        this.#endPause(this.#now, 'signal-lost', events)
        this.#silentSince = null
        this.#turns.reset()
        this.#points.length = 0
        this.#lastPoint = null
      }
    } else {
      if (this.#lostMs >= BLIND_MS && this.#breaths > 0) this.#silentSince = this.#now
      this.#lostMs = 0
      const railed = sample >= HIGHEST
      if (railed) window.saturated += 1
      this.#railedMs = railed ? this.#railedMs + this.#periodMs : 0
      point.low = point.count === 0 ? sample : Math.min(point.low, sample)
      point.high = point.count === 0 ? sample : Math.max(point.high, sample)
      // Second difference: free of the breath's own slope; of white noise about its standard deviation.
      const [b, a] = this.#samples
      if (a !== undefined && b !== undefined) {
        window.noise += Math.abs(sample - 2 * b + a) / 2
        window.noises += 1
      }
      this.#samples.unshift(sample)
      this.#samples.length = Math.min(2, this.#samples.length)
      point.sum += sample
      point.count += 1
    }
    this.#index += 1
    if (point.seen === this.#pointLength) this.#endPoint(events)
    const at = this.#now
    if (this.#index % Math.round(QUALITY_MS / this.#periodMs) === 0) this.#judge(at, events)
    if (this.#index % Math.round(RATE_EACH_MS / this.#periodMs) === 0) this.#sayRate(at, events)
  }

  #endPoint(events: BreathingEvent[]): void {
    const { sum, count, low, high } = this.#point
    this.#point = { sum: 0, count: 0, low: 0, high: 0, seen: 0 }
    if (count === 0) return
    const at = this.#now
    const value = sum / count
    this.#watchWire(at, low, high, events)
    const window = this.#window
    if (this.#lastPoint !== null) window.jump = Math.max(window.jump, Math.abs(value - this.#lastPoint))
    this.#lastPoint = value
    if (this.#probe === 'saturated') return
    keepLast(this.#recent, value, Math.round(DISPLACED_MS / POINT_MS))
    keepLast(this.#points, value, MEDIAN_POINTS)
    const excursion = this.#turns.push(at, median(this.#points), Math.max(LEAST_COUNTS, FLOW_SHARE * this.#usual))
    if (excursion) this.#flow(excursion, at, events)
    this.#watchSilence(at, events)
  }

  #flow(excursion: Excursion, now: number, events: BreathingEvent[]): void {
    const usual = this.#usual
    keepLast(this.#amplitudes, excursion.rise, USUAL)
    if (this.#probe === 'displaced') {
      // Only excursions of a breath's size say that the probe is back; a draught is smaller.
      if (excursion.rise < BREATH_SHARE * usual) return
      this.#endProbe(now, events)
    }
    this.#silentSince = excursion.at
    this.#endPause(excursion.at, 'breath', events)
    const { at, rise, from, peak } = excursion
    if (rise < BREATH_SHARE * usual || at - this.#lastBreathAt < REFRACTORY_MS) return
    this.#lastBreathAt = at
    this.#breaths += 1
    keepLast(this.#floors, from, USUAL)
    keepLast(this.#peaks, peak, USUAL)
    this.#window.floors.push(from)
    this.#rate.breath(at)
    events.push({ type: 'breath', at, amplitude: rise })
  }

  #watchSilence(at: number, events: BreathingEvent[]): void {
    const since = this.#silentSince
    if (since === null || this.#breaths < KNOWN || this.#probe === 'displaced') return
    const silentMs = at - since
    if (silentMs < APNOEA_MS) return
    if (!this.#pause && this.#isDisplaced()) {
      this.#beginProbe(at, 'displaced', events)
      return
    }
    if (!this.#pause) {
      this.#pause = { since, alarmed: false }
      events.push({ type: 'apnoea-begin', at, since })
    }
    if (!this.#pause.alarmed && silentMs >= this.#alarmMs) {
      this.#pause.alarmed = true
      events.push({ type: 'apnoea-alarm', at, since })
    }
  }

  /**
   * Whether the quiet level lies well outside of everything it was while breathing. The level of a probe that is still in
   * the nose stays between the cold of the last breath in and the warmth of the last one out.
   */
  #isDisplaced(): boolean {
    const usual = this.#usual
    if (usual === 0 || this.#floors.length < KNOWN) return false
    const level = quantile(this.#recent, 0.5)
    const floor = Math.min(...this.#floors)
    const peak = Math.max(...this.#peaks)
    return level < floor - DISPLACED_SHARE * usual || level > peak + DISPLACED_SHARE * usual
  }

  #watchWire(at: number, low: number, high: number, events: BreathingEvent[]): void {
    const flat = this.#flat
    const lowest = Math.min(flat.low, low)
    const highest = Math.max(flat.high, high)
    this.#flat =
      highest - lowest <= FLAT_SPAN
        ? { low: lowest, high: highest, ms: flat.ms + this.#pointLength * this.#periodMs }
        : { low, high, ms: 0 }
    const reason = this.#railedMs >= RAILED_MS ? 'saturated' : this.#flat.ms >= FLAT_MS ? 'flat' : null
    if (reason === 'saturated' || (reason === 'flat' && !this.#probe)) this.#beginProbe(at, reason, events)
    else if (!reason && (this.#probe === 'flat' || (this.#probe === 'saturated' && this.#railedMs === 0)))
      this.#endProbe(at, events)
  }

  #beginProbe(at: number, reason: ProbeReason, events: BreathingEvent[]): void {
    if (this.#probe === reason) return
    if (this.#probe) events.push({ type: 'probe-end', at })
    // A quiet converter shows no noise either: a flat line may as well be a patient who does not breathe.
    if (reason !== 'flat') this.#endPause(at, 'signal-lost', events)
    this.#probe = reason
    events.push({ type: 'probe-begin', at, reason })
  }

  #endProbe(at: number, events: BreathingEvent[]): void {
    if (this.#probe !== 'flat') this.#forget()
    this.#probe = null
    events.push({ type: 'probe-end', at })
  }

  #endPause(at: number, reason: 'breath' | 'signal-lost', events: BreathingEvent[]): void {
    const pause = this.#pause
    if (!pause) return
    this.#pause = null
    events.push({ type: 'apnoea-end', at, since: pause.since, reason, durationMs: at - pause.since })
  }

  #sayRate(at: number, events: BreathingEvent[]): void {
    const grade = this.#probe ? 'bad' : (this.#quality?.grade ?? 'good')
    const trust = grade === 'bad' ? 0 : grade === 'poor' ? 0.6 : 1
    events.push({ type: 'rate', at, ...this.#rate.at(at, trust) })
  }

  #judge(at: number, events: BreathingEvent[]): void {
    const window = this.#window
    this.#window = emptyWindow()
    const judge = new QualityJudge()
      .say('lost-samples', window.lost / window.samples, LOST_SHARE)
      .say('saturated', window.saturated / window.samples, SATURATED_SHARE)
    if (this.#probe === 'flat') judge.note('flat', 'bad')
    if (this.#probe === 'displaced') judge.note('probe-displaced', 'bad')
    const usual = this.#usual
    if (usual > 0 && !this.#probe) {
      const noise = Math.max(0, window.noise / Math.max(1, window.noises) - QUIET_COUNTS)
      const { floors } = window
      judge.say('noise', noise / usual, NOISE).say('motion', window.jump / usual, JUMP)
      if (floors.length > 1) judge.say('drift', (Math.max(...floors) - Math.min(...floors)) / usual, DRIFT)
    }
    const { quality } = judge
    if (!sameQuality(this.#quality, quality))
      events.push({ type: 'quality', at: at - window.samples * this.#periodMs, ...quality })
    this.#quality = quality
  }
}

function emptyWindow() {
  return { samples: 0, lost: 0, saturated: 0, noises: 0, noise: 0, jump: 0, floors: [] as number[] }
}
