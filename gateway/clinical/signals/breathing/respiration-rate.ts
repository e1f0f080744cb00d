import { keepLast, median } from '#gateway/clinical/signals/statistics.js'
import type { RateUnknown } from './events.js'

/** Intervals the rate stands on, at most and at least. */
const MOST = 8
const LEAST = 2
/** 4 to 60 /min, and room for the noise of a peak's place. */
export const RATE_RANGE = { low: 3.5, high: 63 } as const
/** Breathing as slow as the slowest rate is no silence yet. */
const LONGEST_INTERVAL_MS = 60_000 / RATE_RANGE.low + 2000
const NO_BREATH_MS = 10_000

export interface Rate {
  readonly perMinute: number | null
  readonly confidence: number
  readonly unknown: RateUnknown | null
}

/** The median of the last breaths' intervals: one missed or invented breath moves it little. */
export class RespirationRate {
  readonly #intervals: number[] = []
  #last: number | null = null

  breath(at: number): void {
    if (this.#last !== null) {
      const interval = at - this.#last
      if (interval > LONGEST_INTERVAL_MS) this.#intervals.length = 0
      else keepLast(this.#intervals, interval, MOST)
    }
    this.#last = at
  }

  /** @param trust 0 to 1: how good the signal is */
  at(now: number, trust: number): Rate {
    const unknown = (reason: RateUnknown): Rate => ({ perMinute: null, confidence: 0, unknown: reason })
    if (trust === 0) return unknown('poor-signal')
    if (this.#last === null) return unknown('learning')
    const usual = median(this.#intervals)
    if (now - this.#last > Math.max(NO_BREATH_MS, 1.5 * usual)) return unknown('no-breath')
    if (this.#intervals.length < LEAST) return unknown('learning')
    const perMinute = 60_000 / usual
    if (perMinute < RATE_RANGE.low || perMinute > RATE_RANGE.high) return unknown('out-of-range')
    const spread = median(this.#intervals.map((interval) => Math.abs(interval - usual))) / usual
    const confidence = trust * Math.min(1, this.#intervals.length / (MOST / 2)) * Math.max(0, 1 - 2 * spread)
    return { perMinute, confidence: Math.round(confidence * 100) / 100, unknown: null }
  }

  reset(): void {
    this.#intervals.length = 0
    this.#last = null
  }
}
