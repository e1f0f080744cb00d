/**
 * Finds heart beats in one ECG lead, sample by sample.
 *
 * After Pan J, Tompkins WJ. A real-time QRS detection algorithm. IEEE Trans Biomed Eng 32(3):230-236, 1985, with the
 * amplitude (not energy) feature, the medians of eight peaks and the rules on neighbouring peaks, steps and T waves of
 * Hamilton PS. Open source ECG analysis. Computers in Cardiology 29:101-104, 2002.
 *
 * band-pass → |derivative| → moving mean → peaks, each the largest within 200 ms → beat, noise, or in doubt. A peak in
 * doubt (search back) is decided when the rhythm has missed a beat, or before LATENCY_MS has passed.
 */
import { Biquad, MovingMean, MovingMedian } from './filters.js'
import { Ring } from './ring.js'

export const LOWEST_RATE_HZ = 125
export const HIGHEST_RATE_HZ = 500
/** No beat is given later than this after its R peak, but those of the first LEARNING_MS. */
export const LATENCY_MS = 1400
export const LEARNING_MS = 3000

const BAND_HZ = [8, 20] as const
const SMOOTH_HZ = 30
const SLOPE_MS = 10
const WINDOW_MS = 80
const REFRACTORY_MS = 200
/** Closer to a beat than this, what is less than half as steep is its T wave. */
const T_WAVE_MS = 360
const T_WAVE_SLOPE = 0.5
/** A step has slopes to one side only. */
const STEP_SLOPES = 0.12
/** Around the peak: as far as a wide beat needs to come down again. */
const STEP_REACH_MS = 150
/** How much smaller the deflection that is usually the R peak may be than the other, and still be it. */
const FAITH = 0.3
/** What is cut off by the start cannot be measured. */
const EDGE_MS = 40
/** Threshold between the medians of noise (0) and of beats (1). */
const THRESHOLD = 0.3
/** Of the threshold, for a peak in doubt. */
const DOUBT = 0.5
/** As large as this share of the usual beat, peak to peak, it is in doubt, however slow: wide beats have little of the band. */
const LARGE = 1
/** A peak stands out from the second around it: times its LEVEL_AROUND quantile, for a beat and for one in doubt. */
const STANDS_OUT = 2.5
const STANDS_OUT_DOUBT = 2.1
const LEVEL_AROUND = 0.45
/** Between beats, at any rate: what remains there is noise in the very band of beats. */
const LEVEL_BETWEEN = 0.25
/** What reaches this share of a beat need not stand out: fast wide beats leave no quiet between them. */
const SURE = 0.7
/** RR over its median before which a peak is early, and must be all of a beat to pass in noise. */
const EARLY = 0.8
const SURE_EARLY = 1
/** What is refused is noise, but never counts as more of a beat than this: wide fast beats must not shut themselves out. */
const HIGHEST_NOISE = 0.8
/** Below the median: small beats among large ones count. */
const BEAT_QUANTILE = 0.35
const AROUND_STEP_MS = 25
const AROUND_STEPS = 48
/** RR over its median after which a beat is missing. */
const MISSING = 1.5
/** Without a beat for as long as this the levels are learned again. */
const RELEARN_MS = 4000
/** What is smaller than this share of the usual beat is no beat, however long none has come. */
const LOWEST_SHARE = 0.12
/** One artefact moves the level of beats by no more than this. */
const HIGHEST_SHARE = 2.5

export interface DetectedBeat {
  /** Sample number of the R peak: of the main deflection, whichever way it points. */
  readonly index: number
  /** Peak to peak in the input's unit, within 80 ms of the R peak. */
  readonly amplitude: number
}

interface Peak {
  index: number
  height: number
  r: number
  up: boolean
  slope: number
  amplitude: number
}

const peak = (): Peak => ({ index: -1, height: 0, r: -1, up: true, slope: 0, amplitude: 0 })

export interface BeatDetectorOptions {
  readonly rateHz: number
  /** Least peak-to-peak amplitude of a beat, in the input's unit. */
  readonly leastAmplitude: number
  readonly onBeat: (beat: DetectedBeat) => void
}

export class BeatDetector {
  readonly #onBeat: (beat: DetectedBeat) => void
  readonly #leastAmplitude: number
  readonly #perMs: number
  readonly #highPass: Biquad
  readonly #lowPass: Biquad
  readonly #smoother: Biquad
  readonly #mean: MovingMean
  readonly #band: Ring
  readonly #smooth: Ring
  readonly #heights: Ring
  readonly #slopeSamples: number
  readonly #refractory: number

  readonly #beatLevels = new MovingMedian(8)
  readonly #noiseLevels = new MovingMedian(8)
  /** Long memory of how large beats are, against believing noise where none come. */
  readonly #usual = new MovingMedian(32)
  readonly #amplitudes = new MovingMedian(32)
  readonly #intervals = new MovingMedian(8)
  readonly #surroundings = new MovingMedian(AROUND_STEPS)
  #beatLevel = 0
  #noiseLevel = 0
  /** The feature in the second around the latest peak. */
  #around = 0
  #quiet = 0

  /** Sample number of the first sample since the start or the last gap; −1: none yet. */
  #first = -1
  #previous = 0
  #rising: Peak = peak()
  readonly #doubted: Peak = peak()
  #learning: Peak[] | null = []
  #lastBeat = -1
  #lastSlope = 0
  /** Which way the R peaks of the latest beats point: from −1, all down, to 1, all up. */
  #polarity = 0

  constructor({ rateHz, leastAmplitude, onBeat }: BeatDetectorOptions) {
    this.#onBeat = onBeat
    this.#leastAmplitude = leastAmplitude
    this.#perMs = rateHz / 1000
    this.#highPass = new Biquad('high-pass', BAND_HZ[0], rateHz)
    this.#lowPass = new Biquad('low-pass', BAND_HZ[1], rateHz)
    this.#smoother = new Biquad('low-pass', SMOOTH_HZ, rateHz)
    this.#mean = new MovingMean(Math.round(WINDOW_MS * this.#perMs))
    this.#band = new Ring(rateHz)
    this.#smooth = new Ring(rateHz)
    this.#heights = new Ring(1.5 * rateHz)
    this.#slopeSamples = Math.max(1, Math.round(SLOPE_MS * this.#perMs))
    this.#refractory = Math.round(REFRACTORY_MS * this.#perMs)
  }

  /** Whether it has a signal but does not yet know how large a beat is. */
  get learning(): boolean {
    return this.#first >= 0 && this.#learning !== null
  }

  /** What lies between the latest beats, in their own band, as a share of them. */
  get noiseShare(): number {
    const known = this.#knownLevel()
    return known > 0 ? this.#quiet / known : 0
  }

  /** Forgets the signal but not how large a beat is: for after a gap. */
  restart(): void {
    this.#first = -1
    this.#learning = []
    this.#doubted.index = -1
    this.#rising.index = -1
    this.#lastBeat = -1
    this.#lastSlope = 0
    this.#intervals.reset()
  }

  /** @param index rises by one from sample to sample, but over a `restart()` */
  push(index: number, x: number): void {
    if (this.#first < 0) this.#begin(index, x)
    this.#smooth.set(index, this.#smoother.next(x))
    const band = this.#lowPass.next(this.#highPass.next(x))
    this.#band.set(index, band)
    const height = this.#mean.next(Math.abs(band - this.#band.get(index - this.#slopeSamples)))
    this.#heights.set(index, height)
    const rising = this.#rising
    if (height > this.#previous && height > rising.height) {
      rising.index = index
      rising.height = height
    }
    this.#previous = height
    if (rising.index >= 0 && index - rising.index >= this.#refractory) {
      this.#measure(rising)
      this.#take(rising)
      rising.index = -1
      rising.height = 0
    }
    if (this.#learning) {
      if (index - this.#first >= LEARNING_MS * this.#perMs) this.#endLearning(this.#learning)
    } else this.#watch(index)
  }

  #begin(index: number, x: number): void {
    this.#first = index
    this.#highPass.settle(x)
    this.#lowPass.settle(0)
    this.#smoother.settle(x)
    this.#mean.reset()
    this.#band.fill(0)
    this.#smooth.fill(x)
    this.#heights.fill(0)
    this.#previous = 0
    this.#rising.index = -1
    this.#rising.height = 0
  }

  /** Where the R peak is, how steep, how high. */
  #measure(found: Peak): void {
    const { index } = found
    const ms = this.#perMs
    for (let i = 0; i < AROUND_STEPS; i++) {
      this.#surroundings.push(this.#heights.get(index + this.#refractory - Math.round(i * AROUND_STEP_MS * ms)))
    }
    this.#around = this.#surroundings.quantile(LEVEL_AROUND)
    this.#quiet = this.#surroundings.quantile(LEVEL_BETWEEN)
    let top = index
    let most = -1
    for (let i = index - Math.round(130 * ms); i <= index; i++) {
      const value = Math.abs(this.#band.get(i))
      if (value > most) {
        most = value
        top = i
      }
    }
    // The band-pass comes about 20 ms after the signal.
    const centre = top - Math.round(12 * ms)
    const reach = Math.round(70 * ms)
    const smooth = this.#smooth
    const base = (smooth.get(centre - reach) + smooth.get(centre + reach)) / 2
    let high = base
    let low = base
    let highAt = centre
    let lowAt = centre
    let up = 0
    let down = 0
    const step = this.#slopeSamples
    for (let i = centre - reach; i <= centre + reach; i++) {
      const value = smooth.get(i)
      if (value > high) {
        high = value
        highAt = i
      }
      if (value < low) {
        low = value
        lowAt = i
      }
    }
    const far = Math.round(STEP_REACH_MS * ms)
    for (let i = centre - far; i <= centre + far; i++) {
      const slope = smooth.get(i) - smooth.get(i - step)
      if (slope > up) up = slope
      else if (-slope > down) down = -slope
    }
    const above = high - base
    const below = base - low
    // Where both are alike the same one is taken from beat to beat: intervals must not jump.
    const bias = 1 + FAITH * this.#polarity
    // The smoother comes about 7 ms after the signal.
    found.up = above * bias >= below
    found.r = (found.up ? highAt : lowAt) - Math.round(7 * ms)
    found.amplitude = high - low
    const steep = Math.max(up, down)
    found.slope = Math.min(up, down) < STEP_SLOPES * steep ? 0 : steep
  }

  #take(found: Peak): void {
    if (this.#learning) {
      if (this.#learning.length < 32) this.#learning.push({ ...found })
      return
    }
    if (!this.#believable(found)) {
      this.#noise(found.height)
      return
    }
    const early =
      this.#lastBeat >= 0 && this.#intervals.count > 3 && found.r - this.#lastBeat < EARLY * this.#intervals.quantile()
    const threshold = this.#threshold(early ? SURE_EARLY : SURE)
    if (found.height > threshold) {
      this.#searchBack(found.r)
      this.#beat(found)
    } else {
      this.#noise(found.height)
      const far = this.#lastBeat < 0 || found.r - this.#lastBeat > T_WAVE_MS * this.#perMs
      const large = found.amplitude > LARGE * this.#amplitudes.quantile() && this.#amplitudes.count > 4
      const doubtful = found.height > Math.max(threshold * DOUBT, STANDS_OUT_DOUBT * this.#around)
      if (far && (doubtful || large) && found.height > this.#doubtedHeight()) {
        Object.assign(this.#doubted, found)
      }
    }
  }

  #doubtedHeight(): number {
    return this.#doubted.index < 0 ? 0 : this.#doubted.height
  }

  #believable(found: Peak): boolean {
    if (found.r < this.#first + EDGE_MS * this.#perMs || found.slope === 0 || found.amplitude < this.#leastAmplitude)
      return false
    if (found.height < LOWEST_SHARE * this.#usual.quantile()) return false
    if (this.#lastBeat < 0) return true
    const since = found.r - this.#lastBeat
    if (since < this.#refractory) return false
    return since > T_WAVE_MS * this.#perMs || found.slope > T_WAVE_SLOPE * this.#lastSlope
  }

  #threshold(sure: number): number {
    const between = this.#noiseLevel + THRESHOLD * Math.max(0, this.#beatLevel - this.#noiseLevel)
    return Math.max(between, Math.min(STANDS_OUT * this.#around, sure * this.#beatLevel))
  }

  /** The peak in doubt becomes a beat where the one at `r` comes too late. */
  #searchBack(r: number): void {
    const { index } = this.#doubted
    if (index < 0) return
    const missing = this.#intervals.count > 0 && r - this.#lastBeat > MISSING * this.#intervals.quantile()
    if (missing && r - this.#doubted.r > T_WAVE_MS * this.#perMs) this.#beat(this.#doubted)
    this.#doubted.index = -1
  }

  #watch(index: number): void {
    const ms = this.#perMs
    if (this.#doubted.index >= 0) {
      const overdue = this.#intervals.count > 0 && index - this.#lastBeat > MISSING * this.#intervals.quantile()
      if (overdue) {
        // A larger peak may be on its way.
        if (index - this.#doubted.index >= 2 * this.#refractory) {
          this.#beat(this.#doubted)
          this.#doubted.index = -1
        }
      } else if (index - this.#doubted.r >= (LATENCY_MS - 50) * ms) this.#doubted.index = -1
    }
    const since = index - Math.max(this.#lastBeat, this.#first)
    if (since > RELEARN_MS * ms && since % Math.round(1000 * ms) === 0) this.#relearn()
  }

  /** The level sinks while no beat comes; the usual one does not. */
  #knownLevel(): number {
    return Math.max(this.#beatLevel, this.#usual.quantile())
  }

  #relearn(): void {
    this.#noiseLevels.reset()
    this.#noiseLevel = 0
    this.#beatLevel = Math.max(0.5 * this.#beatLevel, LOWEST_SHARE * this.#usual.quantile())
    this.#beatLevels.reset()
    this.#beatLevels.push(this.#beatLevel)
    this.#intervals.reset()
  }

  #endLearning(peaks: readonly Peak[]): void {
    this.#learning = null
    this.#beatLevels.reset()
    this.#noiseLevels.reset()
    this.#noiseLevel = 0
    let highest = 0
    for (const { height, slope, amplitude } of peaks) {
      if (slope > 0 && amplitude >= this.#leastAmplitude) highest = Math.max(highest, height)
    }
    this.#beatLevel = highest * 0.8
    this.#beatLevels.push(this.#beatLevel)
    for (const found of peaks) this.#take(found)
  }

  #noise(height: number): void {
    this.#noiseLevels.push(Math.min(height, HIGHEST_NOISE * this.#beatLevel))
    this.#noiseLevel = this.#noiseLevels.quantile()
  }

  #beat(found: Peak): void {
    if (this.#lastBeat >= 0) this.#intervals.push(found.r - this.#lastBeat)
    this.#lastBeat = found.r
    this.#lastSlope = found.slope
    this.#polarity += ((found.up ? 1 : -1) - this.#polarity) / 8
    this.#doubted.index = -1
    const known = this.#knownLevel()
    const height = known > 0 ? Math.min(found.height, HIGHEST_SHARE * known) : found.height
    this.#beatLevels.push(height)
    this.#beatLevel = this.#beatLevels.quantile(BEAT_QUANTILE)
    this.#usual.push(height)
    this.#amplitudes.push(found.amplitude)
    this.#onBeat({ index: found.r, amplitude: found.amplitude })
  }
}
