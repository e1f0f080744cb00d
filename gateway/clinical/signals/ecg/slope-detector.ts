/**
 * A second, plain beat detector on another feature: the length of the smoothed curve (after Zong W, Moody GB, Jiang D. A
 * robust open-source algorithm to detect onset and duration of QRS complexes. Computers in Cardiology 30:737-740, 2003).
 * It is fooled by other things than the first; where the two disagree, the trace is not to be believed (Li Q, Mark RG,
 * Clifford GD. Robust heart rate estimation from multiple asynchronous noisy sources. Physiol Meas 29:15-32, 2008).
 */
import { Biquad, MovingMean, MovingMedian } from './filters.js'
import { Ring } from './ring.js'

const SMOOTH_HZ = 16
const SLOPE_MS = 8
const WINDOW_MS = 120
const REFRACTORY_MS = 250
/** From the R peak to the peak of the feature. */
const DELAY_MS = 75
const BASE_MS = 2500
const THRESHOLD = 0.35
const LEARNING_MS = 2000
/** Without a beat for as long as this the level sinks, but not below LOWEST_SHARE of the usual beat. */
const SINK_AFTER_MS = 2000
const SINKING = 0.9
const SINK_EACH_MS = 250
const LOWEST_SHARE = 0.25

export class SlopeDetector {
  readonly #onBeat: (index: number) => void
  readonly #least: number
  readonly #perMs: number
  readonly #smoother: Biquad
  readonly #mean: MovingMean
  readonly #smooth: Ring
  readonly #step: number
  readonly #usual = new MovingMedian(32)
  readonly #baseShare: number
  #first = -1
  #base = 0
  #level = 0
  #peakAt = -1
  #peak = 0
  #last = -1

  /** @param leastAmplitude of a beat, peak to peak, in the input's unit */
  constructor(options: { rateHz: number; leastAmplitude: number; onBeat: (index: number) => void }) {
    const { rateHz, leastAmplitude } = options
    this.#onBeat = options.onBeat
    this.#perMs = rateHz / 1000
    this.#step = Math.max(1, Math.round(SLOPE_MS * this.#perMs))
    // A deflection up and down of that height within the window, smoothed to about half.
    this.#least = (leastAmplitude * this.#step) / (WINDOW_MS * this.#perMs)
    this.#smoother = new Biquad('low-pass', SMOOTH_HZ, rateHz)
    this.#mean = new MovingMean(Math.round(WINDOW_MS * this.#perMs))
    this.#smooth = new Ring(this.#step + 1)
    this.#baseShare = 1 / (BASE_MS * this.#perMs)
  }

  /** Sample number from which on it sees beats. */
  get readyAt(): number {
    return this.#first < 0 ? Number.POSITIVE_INFINITY : this.#first + LEARNING_MS * this.#perMs
  }

  restart(): void {
    this.#first = -1
  }

  push(index: number, x: number): void {
    const ms = this.#perMs
    if (this.#first < 0) this.#begin(index, x)
    const y = this.#smoother.next(x)
    this.#smooth.set(index, y)
    const length = this.#mean.next(Math.abs(y - this.#smooth.get(index - this.#step)))
    this.#base += (length - this.#base) * this.#baseShare
    if (index - this.#first < LEARNING_MS * ms) {
      this.#level = Math.max(this.#level, 0.8 * length)
      return
    }
    const floor = Math.max(this.#least, LOWEST_SHARE * this.#usual.quantile())
    if (index - this.#last > SINK_AFTER_MS * ms && index % Math.round(SINK_EACH_MS * ms) === 0) {
      this.#level = Math.max(floor, SINKING * this.#level)
    }
    const threshold = Math.max(floor, this.#base + THRESHOLD * (this.#level - this.#base))
    if (length > threshold && length > this.#peak) {
      this.#peak = length
      this.#peakAt = index
    }
    if (this.#peakAt >= 0 && index - this.#peakAt >= REFRACTORY_MS * ms) this.#beat()
  }

  #begin(index: number, x: number): void {
    this.#first = index
    this.#last = index
    this.#smoother.settle(x)
    this.#smooth.fill(x)
    this.#mean.reset()
    this.#base = 0
    this.#level = 0
    this.#peak = 0
    this.#peakAt = -1
  }

  #beat(): void {
    this.#level += 0.15 * (Math.min(this.#peak, 2.5 * this.#level) - this.#level)
    this.#usual.push(this.#peak)
    this.#last = this.#peakAt
    this.#onBeat(this.#peakAt - Math.round(DELAY_MS * this.#perMs))
    this.#peak = 0
    this.#peakAt = -1
  }
}
