/**
 * Counts breaths in the airflow signal as it comes: light smoothing, thresholds from the spread of the last 20 s, a
 * crossing of the upper one after the lower one is a breath. The signal is dimensionless and its gain unknown, so the
 * only absolute number is the smallest spread that can be a breath.
 */
const WINDOW_MS = 20_000
const BREATHS_MS = 30_000
const SMOOTH_MS = 200
/** 75 /min: shorter is noise. */
const REFRACTORY_MS = 800
/** ADC counts between the quiet and the blowing part of the window; the shield's gain is not documented. */
const MIN_SPREAD = 12
const MIN_WINDOW_MS = 4000
/** Without a breath for this long there is no rate. */
export const NO_BREATH_MS = 10_000

export interface Breathing {
  /** /min, or null: not enough breaths yet, or none lately. */
  readonly rate: number | null
  /** Since the last breath, or null when none was ever seen. */
  readonly sinceBreathMs: number | null
}

export class BreathDetector {
  #smooth: number[] = []
  #window: number[] = []
  #sorted = { low: 0, high: 0, ready: false }
  #armed = false
  #breaths: number[] = []
  #last: number | null = null
  #clock: number | null = null

  /** @param clockMs of the first sample, on the source's clock; a jump back starts anew. */
  push(clockMs: number, periodMs: number, samples: readonly (number | null)[]): Breathing {
    if (this.#clock !== null && clockMs < this.#clock - periodMs * samples.length * 2) this.reset()
    // After a long gap the old spread says nothing.
    if (this.#clock !== null && clockMs > this.#clock + WINDOW_MS) this.#forget()
    const width = Math.max(1, Math.round(SMOOTH_MS / periodMs))
    const capacity = Math.round(WINDOW_MS / periodMs)
    let time = clockMs
    for (const sample of samples) {
      if (sample !== null) {
        this.#smooth.push(sample)
        if (this.#smooth.length > width) this.#smooth.shift()
        const value = mean(this.#smooth)
        this.#window.push(value)
        this.#step(time, value)
      } else {
        this.#smooth = []
      }
      time += periodMs
    }
    if (this.#window.length > capacity) this.#window.splice(0, this.#window.length - capacity)
    this.#clock = time
    this.#threshold(periodMs)
    return this.#result(time)
  }

  reset(): void {
    this.#forget()
    this.#last = null
    this.#clock = null
  }

  #forget(): void {
    this.#smooth = []
    this.#window = []
    this.#sorted = { low: 0, high: 0, ready: false }
    this.#armed = false
    this.#breaths = []
  }

  #step(time: number, value: number): void {
    const { low, high, ready } = this.#sorted
    if (!ready) return
    const spread = high - low
    if (spread < MIN_SPREAD) return
    if (value < low + 0.35 * spread) this.#armed = true
    else if (this.#armed && value > low + 0.6 * spread && (this.#last === null || time - this.#last > REFRACTORY_MS)) {
      this.#armed = false
      this.#last = time
      this.#breaths.push(time)
    }
  }

  /** Tenth and ninetieth percentile: a spike moves them little. */
  #threshold(periodMs: number): void {
    const sorted = Float64Array.from(this.#window).sort()
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    this.#sorted = { low: at(0.1), high: at(0.9), ready: sorted.length * periodMs >= MIN_WINDOW_MS }
  }

  #result(now: number): Breathing {
    this.#breaths = this.#breaths.filter((time) => now - time <= BREATHS_MS)
    const sinceBreathMs = this.#last === null ? null : now - this.#last
    const first = this.#breaths[0]
    const last = this.#breaths.at(-1)
    const enough = first !== undefined && last !== undefined && last > first
    if (!enough || now - last > NO_BREATH_MS) return { rate: null, sinceBreathMs }
    const intervals = this.#breaths.slice(1).map((time, i) => time - (this.#breaths[i] ?? 0))
    return { rate: 60_000 / median(intervals), sinceBreathMs }
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2
}
