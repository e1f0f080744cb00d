/**
 * Skin conductance in, events out: phasic responses, and by the minute tonic level, their number and the level's trend;
 * quality. Terms and times after Boucsein W et al. Publication recommendations for electrodermal measurements.
 * Psychophysiology 49(8):1017-1034, 2012 (a response rises within 1 to 5 s; they count from 0.01 to 0.05 µS, which a
 * converter with steps of 0.1 µS cannot show: here from 0.2 µS). A trend: nothing is diagnosed. A function of what was
 * pushed, however it was cut into blocks; memory does not grow.
 */
import { Excursions } from '#gateway/clinical/signals/excursions.js'
import {
  LOST_SHARE,
  QualityJudge,
  SATURATED_SHARE,
  type SignalQuality,
  sameQuality,
} from '#gateway/clinical/signals/quality.js'
import { keepLast, median } from '#gateway/clinical/signals/statistics.js'
import type { SkinEvent } from './events.js'

const QUALITY_MS = 10_000
/** Evens out the converter's flicker between two steps. */
const SMOOTH_MS = 1000
const MINUTE_MS = 60_000
/** A rise that takes longer is the tonic level's. */
const LONGEST_RISE_MS = 6000
/** A rise that is over sooner is an electrode that was touched. */
const SHORTEST_RISE_MS = 500
/** Share of electrodes-off samples, as [poor, bad]. */
const OFF_SHARE = [0, 0.5] as const
/** Skin does not change faster; µS a second, as [poor, bad]. */
const SPEED = [4, 20] as const
const TREND_MINUTES = 10
const TREND_LEAST = 5

export interface SkinAnalyserOptions {
  /** Samples a second, 2 to 20; the kit sends 4. */
  readonly rateHz: number
  /** At or below this the electrodes are off, µS. */
  readonly off?: number
  /** At or above this the converter is at its end, µS. */
  readonly highest?: number
  /** Smallest response, µS. */
  readonly least?: number
}

export class SkinAnalyser {
  readonly #periodMs: number
  readonly #rateHz: number
  readonly #off: number
  readonly #highest: number
  readonly #least: number
  readonly #turns = new Excursions()
  readonly #minutes: { minute: number; tonic: number }[] = []
  /** Of the last second. */
  readonly #recent: number[] = []
  #index = 0
  #offset = 0
  #last: number | null = null
  #values: number[] = []
  #responses = 0
  #window = emptyWindow()
  #quality: SignalQuality | null = null

  /** @throws RangeError for a rate it was not made for */
  constructor({ rateHz, off = 1, highest = 89, least = 0.2 }: SkinAnalyserOptions) {
    if (!(rateHz >= 2 && rateHz <= 20)) throw new RangeError(`skin needs 2 to 20 samples a second, not ${rateHz}`)
    this.#rateHz = rateHz
    this.#periodMs = 1000 / rateHz
    this.#off = off
    this.#highest = highest
    this.#least = least
  }

  /** Of the last ten seconds that were judged; null before. */
  get quality(): SignalQuality | null {
    return this.#quality
  }

  /** @param samples µS; null: lost */
  push(samples: readonly (number | null)[]): SkinEvent[] {
    const events: SkinEvent[] = []
    for (const sample of samples) this.#step(sample, events)
    return events
  }

  /** What comes next begins `gapMs` later; the trend goes on over it. */
  reset(gapMs: number): void {
    this.#offset = this.#now + Math.max(0, gapMs)
    this.#index = 0
    this.#forget()
    this.#last = null
    this.#values = []
    this.#responses = 0
    this.#window = emptyWindow()
    this.#quality = null
  }

  get #now(): number {
    return this.#offset + this.#index * this.#periodMs
  }

  #step(sample: number | null, events: SkinEvent[]): void {
    const at = this.#now
    const window = this.#window
    window.samples += 1
    const usable = sample !== null && sample > this.#off && sample < this.#highest
    if (sample === null) window.lost += 1
    else if (sample <= this.#off) window.off += 1
    else if (sample >= this.#highest) window.saturated += 1
    if (usable) this.#follow(at, sample, events)
    else {
      this.#last = null
      if (sample !== null) this.#forget()
    }
    this.#index += 1
    if (this.#index % Math.round(QUALITY_MS / this.#periodMs) === 0) this.#judge(events)
    if (this.#index % Math.round(MINUTE_MS / this.#periodMs) === 0) this.#endMinute(events)
  }

  #follow(at: number, value: number, events: SkinEvent[]): void {
    const speed = this.#last === null ? 0 : Math.abs(value - this.#last) * this.#rateHz
    this.#last = value
    this.#window.speed = Math.max(this.#window.speed, speed)
    this.#values.push(value)
    // What jumps is not skin: its turning points are no response's.
    if (speed > SPEED[0]) this.#forget()
    keepLast(this.#recent, value, Math.round(SMOOTH_MS / this.#periodMs))
    const smooth = this.#recent.reduce((sum, one) => sum + one, 0) / this.#recent.length
    const middle = at - ((this.#recent.length - 1) / 2) * this.#periodMs
    const excursion = this.#turns.push(middle, smooth, this.#least)
    if (!excursion) return
    const rise = excursion.at - excursion.fromAt
    if (rise < SHORTEST_RISE_MS || rise > LONGEST_RISE_MS) return
    this.#responses += 1
    events.push({ type: 'response', at: excursion.at, amplitude: excursion.rise })
  }

  #forget(): void {
    this.#turns.reset()
    this.#recent.length = 0
  }

  #endMinute(events: SkinEvent[]): void {
    const at = this.#now
    const enough = this.#values.length >= (MINUTE_MS / this.#periodMs) * 0.5
    const tonic = enough ? median(this.#values) : null
    const minute = Math.round(at / MINUTE_MS)
    if (tonic !== null) keepLast(this.#minutes, { minute, tonic }, TREND_MINUTES)
    while (this.#minutes[0] && this.#minutes[0].minute <= minute - TREND_MINUTES) this.#minutes.shift()
    events.push({
      type: 'minute',
      at,
      tonic,
      responses: enough ? this.#responses : null,
      slope: slopeOf(this.#minutes),
    })
    this.#values = []
    this.#responses = 0
  }

  #judge(events: SkinEvent[]): void {
    const { samples, lost, off, saturated, speed } = this.#window
    this.#window = emptyWindow()
    const { quality } = new QualityJudge()
      .say('lost-samples', lost / samples, LOST_SHARE)
      .say('electrode-off', off / samples, OFF_SHARE)
      .say('saturated', saturated / samples, SATURATED_SHARE)
      .say('motion', speed, SPEED)
    if (!sameQuality(this.#quality, quality))
      events.push({ type: 'quality', at: this.#now - samples * this.#periodMs, ...quality })
    this.#quality = quality
  }
}

/** The median of all pairs' slopes (Theil and Sen): one odd minute does not turn it. */
function slopeOf(minutes: readonly { minute: number; tonic: number }[]): number | null {
  if (minutes.length < TREND_LEAST) return null
  const slopes = minutes.flatMap((a, i) =>
    minutes.slice(i + 1).flatMap((b) => (b.minute > a.minute ? [(b.tonic - a.tonic) / (b.minute - a.minute)] : [])),
  )
  return slopes.length === 0 ? null : median(slopes)
}

function emptyWindow() {
  return { samples: 0, lost: 0, off: 0, saturated: 0, speed: 0 }
}
