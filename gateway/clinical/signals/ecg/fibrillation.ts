/**
 * Whether a trace has no organised beats: ventricular fibrillation, flutter, or a tachycardia so wide and fast that its
 * complexes run into each other. Two published measures must agree, each with its published threshold, on the last four
 * seconds:
 *
 * - Arafat MA, Chowdhury AW, Hasan MK. A simple time domain algorithm for the detection of ventricular fibrillation in
 *   electrocardiogram. Signal, Image and Video Processing 5:1-10, 2011: share of samples beyond a fifth of the largest
 *   in three seconds, above 48 %. Beats are short and leave the trace near its rest; fibrillation never rests.
 * - Kuo S, Dillman R. Computer detection of ventricular fibrillation. Computers in Cardiology 347-349, 1978, threshold
 *   for small amplitudes as in Amann A, Tratnig R, Unterkofler K. Reliability of old and new ventricular fibrillation
 *   detection algorithms for automated external defibrillators. Biomed Eng Online 4:60, 2005: what is left of the trace
 *   after it is added to itself half a period later, below 0.625. Fibrillation is nearly a sine, noise is not.
 *
 * Both compare the trace with itself, so that the gain does not matter; a floor keeps the noise of a still line out.
 */
import { keepLast } from '../statistics.js'
import { Biquad } from './filters.js'

/** Samples a second that both measures are taken from, about. */
const TARGET_HZ = 125
const LOW_PASS_HZ = 30
const WINDOW_S = 4
const SEGMENT_S = 3
const TAPER_S = 0.25
/** Of the largest sample of a segment. */
const CROSSING = 0.2
/** To begin, and to go on: fibrillation that coarsens or fades for some seconds is one episode. */
const CROSSED = { begin: 48, stay: 40 } as const
const LEAKAGE = { begin: 0.625, stay: 0.7 } as const
/**
 * Whatever repeats itself so exactly, at a period no shorter than this (214 a minute), is a regular tachycardia, whose rate
 * can be counted and has limits of its own. Correlation of the window's end with itself.
 */
const REPEATS = 0.97
const REPEATS_S = 2
const PERIOD_S = [0.28, 0.6] as const
/** Windows, a second apart, whose mean counts: as Arafat's mean over the segments of eight seconds. */
const MEAN_OF = 3
/** Seconds without it for it to end. */
const END_SECONDS = 2
/** Fibrillation is at least so much larger than the least beat: 0.15 mV where calibrated (fine fibrillation is below 0.2). */
const FLOOR = 1.5

export interface FibrillationTurn {
  readonly change: 'begin' | 'end'
  /** Sample number where the last window before the beginning begins, or where the last that showed it ended. */
  readonly since: number
  /** It ended in a line without deflections. */
  readonly still: boolean
}

export class FibrillationWatch {
  readonly #every: number
  readonly #second: number
  readonly #floor: number
  readonly #lowPass: Biquad
  /** The latest WINDOW_S seconds, decimated; the oldest at `#at`. */
  readonly #ring: Float64Array
  /** The same in order, without its drift. */
  readonly #window: Float64Array
  readonly #taper: Float64Array
  readonly #spans = new Float64Array(WINDOW_S)
  #filled = 0
  #at = 0
  #skip = 0
  #fresh = true
  /** Of the last MEAN_OF windows. */
  readonly #crossings: number[] = []
  readonly #leakages: number[] = []
  #suspected = false
  #without = 0
  #lastWith = 0
  #active = false

  /** @param leastAmplitude of a beat, peak to peak, in the input's unit */
  constructor({ rateHz, leastAmplitude }: { rateHz: number; leastAmplitude: number }) {
    this.#every = Math.max(1, Math.round(rateHz / TARGET_HZ))
    this.#second = Math.round(rateHz / this.#every)
    this.#floor = FLOOR * leastAmplitude
    this.#lowPass = new Biquad('low-pass', LOW_PASS_HZ, rateHz)
    this.#ring = new Float64Array(WINDOW_S * this.#second)
    this.#window = new Float64Array(WINDOW_S * this.#second)
    const length = SEGMENT_S * this.#second
    this.#taper = Float64Array.from({ length }, (_, i) => {
      const edge = Math.min(i, length - 1 - i) / (TAPER_S * this.#second)
      return edge >= 1 ? 1 : 0.5 * (1 - Math.cos(Math.PI * edge))
    })
  }

  /** It has begun and has not ended. */
  get active(): boolean {
    return this.#active
  }

  /** The last window shows it, whether or not that lasts. */
  get suspected(): boolean {
    return this.#suspected
  }

  /** What comes next does not follow. What has begun goes on until the trace shows otherwise. */
  restart(): void {
    this.#fresh = true
    this.#filled = 0
    this.#at = 0
    this.#skip = 0
    this.#crossings.length = 0
    this.#leakages.length = 0
    this.#suspected = false
    this.#without = 0
  }

  /** @param index rises by one from sample to sample, but over a `restart()` */
  push(index: number, x: number): FibrillationTurn | null {
    if (this.#fresh) {
      this.#fresh = false
      this.#lowPass.settle(x)
    }
    const y = this.#lowPass.next(x)
    if (++this.#skip < this.#every) return null
    this.#skip = 0
    const { length } = this.#ring
    this.#ring[this.#at] = y
    this.#at = this.#at + 1 === length ? 0 : this.#at + 1
    // Once the ring is full the count says only where in a second it is.
    this.#filled = this.#filled === length + this.#second - 1 ? length : this.#filled + 1
    return this.#filled % this.#second === 0 && this.#filled >= length ? this.#endSecond(index + 1) : null
  }

  #endSecond(end: number): FibrillationTurn | null {
    this.#settle()
    // The lower of the two in the middle: a single spike does not make a line alive.
    const still = (this.#spans.sort()[WINDOW_S / 2 - 1] as number) < this.#floor
    let crossed = still ? 0 : this.#crossed()
    const leakage = still ? 1 : this.#leakage()
    if (shows(crossed, leakage, 'stay') && this.#repeats()) crossed = 0
    this.#suspected = shows(crossed, leakage, 'begin')
    keepLast(this.#crossings, crossed, MEAN_OF)
    keepLast(this.#leakages, leakage, MEAN_OF)
    const lasting = (threshold: 'begin' | 'stay') => shows(mean(this.#crossings), mean(this.#leakages), threshold)
    if (this.#active) return this.#goOn(lasting('stay'), still, end)
    if (!this.#suspected || this.#crossings.length < MEAN_OF || !lasting('begin')) return null
    this.#active = true
    this.#without = 0
    this.#lastWith = end
    return { change: 'begin', since: end - WINDOW_S * this.#second * this.#every, still: false }
  }

  #goOn(lasts: boolean, still: boolean, end: number): FibrillationTurn | null {
    if (lasts) {
      this.#without = 0
      this.#lastWith = end
      return null
    }
    if (++this.#without < END_SECONDS) return null
    this.#active = false
    return { change: 'end', since: this.#lastWith, still }
  }

  /** The window in order, less its mean over the second around each sample: no filter that lags or rings. */
  #settle(): void {
    const x = this.#window
    const ring = this.#ring
    const { length } = x
    const reach = this.#second >> 1
    let sum = 0
    for (let i = 0; i < reach; i++) sum += ring[(this.#at + i) % length] as number
    for (let i = 0; i < length; i++) {
      if (i + reach < length) sum += ring[(this.#at + i + reach) % length] as number
      if (i - reach > 0) sum -= ring[(this.#at + i - reach - 1) % length] as number
      const around = Math.min(length - 1, i + reach) - Math.max(0, i - reach) + 1
      x[i] = (ring[(this.#at + i) % length] as number) - sum / around
    }
    for (let second = 0; second < WINDOW_S; second++) {
      let low = Number.POSITIVE_INFINITY
      let high = Number.NEGATIVE_INFINITY
      for (let i = second * this.#second; i < (second + 1) * this.#second; i++) {
        const value = x[i] as number
        if (value < low) low = value
        if (value > high) high = value
      }
      this.#spans[second] = high - low
    }
  }

  /** Per cent of samples beyond the threshold, mean of the segments. */
  #crossed(): number {
    const taper = this.#taper
    let share = 0
    for (let segment = 0; segment <= WINDOW_S - SEGMENT_S; segment++) {
      const from = segment * this.#second
      let most = 0
      for (let i = 0; i < taper.length; i++) {
        const value = Math.abs((this.#window[from + i] as number) * (taper[i] as number))
        if (value > most) most = value
      }
      let beyond = 0
      for (let i = 0; i < taper.length; i++) {
        const value = Math.abs((this.#window[from + i] as number) * (taper[i] as number))
        if (value > CROSSING * most) beyond++
      }
      share += beyond / taper.length
    }
    return (100 * share) / (WINDOW_S - SEGMENT_S + 1)
  }

  #repeats(): boolean {
    const x = this.#window
    const first = x.length - Math.round(REPEATS_S * this.#second)
    const longest = Math.round(PERIOD_S[1] * this.#second)
    for (let lag = Math.round(PERIOD_S[0] * this.#second); lag <= longest; lag++) {
      let both = 0
      let now = 0
      let before = 0
      for (let i = first + lag; i < x.length; i++) {
        const a = x[i] as number
        const b = x[i - lag] as number
        both += a * b
        now += a * a
        before += b * b
      }
      if (both > REPEATS * Math.sqrt(now * before)) return true
    }
    return false
  }

  #leakage(): number {
    const x = this.#window
    let sum = 0
    let moved = 0
    for (let i = 1; i < x.length; i++) {
      sum += Math.abs(x[i] as number)
      moved += Math.abs((x[i] as number) - (x[i - 1] as number))
    }
    if (moved === 0) return 1
    const half = Math.min(x.length >> 1, Math.max(1, Math.round((Math.PI * sum) / moved)))
    let left = 0
    let all = 0
    for (let i = half; i < x.length; i++) {
      const a = x[i] as number
      const b = x[i - half] as number
      left += Math.abs(a + b)
      all += Math.abs(a) + Math.abs(b)
    }
    return all === 0 ? 1 : left / all
  }
}

const shows = (crossed: number, leakage: number, threshold: 'begin' | 'stay') =>
  crossed >= CROSSED[threshold] && leakage <= LEAKAGE[threshold]

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
