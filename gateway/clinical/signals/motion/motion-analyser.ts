/**
 * A 3-axis accelerometer on the chest strap in, events out: posture, suspected falls, quality. A
 * function of what was pushed, however it was cut into blocks; memory does not grow.
 */
import type { BodyPosition } from '#fhir/measurement.js'
import { COUNTS_PER_G } from '#gateway/clinical/sensors/position/definition.js'
import {
  LOST_SHARE,
  QualityJudge,
  SATURATED_SHARE,
  type SignalQuality,
  sameQuality,
} from '#gateway/clinical/signals/quality.js'
import { EPOCH_MS, Epochs, meanOf, sway } from './epochs.js'
import type { MotionEvent } from './events.js'
import { BODY_EPOCHS, BODY_SWAY_G, FallDetector, type FallOptions } from './fall-detector.js'
import { Posture } from './posture.js'
import { size } from './vector.js'

const QUALITY_MS = 10_000
/** What moves less than this is still: mean amplitude deviation, g. */
const STILL_G = 0.015
/** At rest a whole accelerometer reads 1 g, give or take its offset and gain. */
const REST_G = { low: 0.8, high: 1.2 } as const
/** Counts at which an axis ends: 12 bits. */
const LOWEST = -2048
const HIGHEST = 2047

export interface MotionAnalyserOptions {
  /** Samples a second, even, 26 to 100; the kit sends 50. */
  readonly rateHz: number
  readonly fall?: FallOptions
}

/** x to the body's right, y up along the spine, z out of the chest; counts; null: lost. */
export type AccelerationSample = readonly [x: number, y: number, z: number] | null

export class MotionAnalyser {
  readonly #periodMs: number
  readonly #epochLength: number
  readonly #epochs: Epochs
  readonly #falls: FallDetector
  readonly #posture = new Posture()
  #position: BodyPosition | null = null
  #index = 0
  /** Ms that `reset` has added. */
  #offset = 0
  #window = { lost: 0, saturated: 0, samples: 0 }
  #quality: SignalQuality | null = null

  /** @throws RangeError for a rate it was not made for */
  constructor({ rateHz, fall = {} }: MotionAnalyserOptions) {
    if (!(rateHz >= 26 && rateHz <= 100 && rateHz % 2 === 0)) {
      throw new RangeError(`falls need an even number of samples a second, 26 to 100, not ${rateHz}`)
    }
    this.#periodMs = 1000 / rateHz
    this.#epochLength = rateHz / 2
    this.#epochs = new Epochs(this.#epochLength)
    this.#falls = new FallDetector({ periodMs: this.#periodMs, epochs: this.#epochs, parameters: fall })
  }

  get position(): BodyPosition | null {
    return this.#position
  }

  push(samples: readonly AccelerationSample[]): MotionEvent[] {
    const events: MotionEvent[] = []
    for (const sample of samples) this.#step(sample, events)
    return events
  }

  /**
   * What comes next begins `gapMs` later and continues nothing, but for a fall that was seen to its end: it still waits
   * for a recovery. Short gaps are better pushed as nulls.
   */
  reset(gapMs: number): void {
    // Whole epochs, so that their numbers go on.
    const epochs = Math.ceil(this.#now / EPOCH_MS) + Math.max(0, Math.round(gapMs / EPOCH_MS))
    this.#offset = epochs * EPOCH_MS
    this.#index = 0
    this.#epochs.clear()
    this.#falls.interrupt()
    this.#posture.reset()
    this.#position = null
    this.#window = { lost: 0, saturated: 0, samples: 0 }
    this.#quality = null
  }

  get #now(): number {
    return this.#offset + this.#index * this.#periodMs
  }

  #step(counts: AccelerationSample, events: MotionEvent[]): void {
    const at = this.#now
    this.#window.samples += 1
    if (counts) {
      const sample = [counts[0] / COUNTS_PER_G, counts[1] / COUNTS_PER_G, counts[2] / COUNTS_PER_G] as const
      if (counts.some((count) => count <= LOWEST || count >= HIGHEST)) this.#window.saturated += 1
      this.#epochs.add(sample)
      events.push(...this.#falls.sample(at, sample))
      this.#position = this.#posture.push(this.#periodMs, [counts]) ?? this.#position
    } else this.#window.lost += 1
    this.#index += 1
    if (this.#index % this.#epochLength === 0) this.#endEpoch(events)
  }

  #endEpoch(events: MotionEvent[]): void {
    const number = Math.round(this.#offset / EPOCH_MS) + this.#index / this.#epochLength - 1
    const endsAt = this.#now
    events.push(...this.#falls.epoch(endsAt, this.#epochs.end(number)))
    if ((number + 1) % (QUALITY_MS / EPOCH_MS) === 0) this.#judge(number, endsAt, events)
  }

  #judge(number: number, endsAt: number, events: MotionEvent[]): void {
    const { lost, saturated, samples } = this.#window
    this.#window = { lost: 0, saturated: 0, samples: 0 }
    const judge = new QualityJudge()
      .say('lost-samples', lost / samples, LOST_SHARE)
      .say('saturated', saturated / samples, SATURATED_SHARE)
    const epochs = this.#epochs.between(number - BODY_EPOCHS + 1, number)
    const still = epochs.length === BODY_EPOCHS && epochs.every(({ deviation }) => deviation <= STILL_G)
    if (still && sway(epochs) < BODY_SWAY_G) judge.note('not-worn', 'bad')
    const mean = still ? meanOf(epochs.slice(-4)) : null
    if (mean && (size(mean) < REST_G.low || size(mean) > REST_G.high)) judge.note('impossible-gravity', 'bad')
    const { quality } = judge
    if (!sameQuality(this.#quality, quality))
      events.push({ type: 'quality', at: endsAt - samples * this.#periodMs, ...quality })
    this.#quality = quality
  }
}
