/**
 * The blocks of one signal as one row of samples: how many are missing before a block, and what time a place in the row
 * is. Counted on the source's own clock, as the waveform's chunks are.
 */
import type { Reading } from '#gateway/model/reading.js'

/** Timestamps are whole milliseconds: one sample early or late is their rounding, not a gap. */
const TOLERANCE_SAMPLES = 1
/** A block that does not follow the last leaves a gap of at least this length: more than any analyser bridges. */
const LEAST_BREAK_MS = 1000

export class SampleRow {
  #expected: { clockMs: number; at: number } | null = null
  #broken = false
  /** Of the row's end: ms on the sample clock, and on the reading's. */
  #end = { ms: 0, at: 0 }

  /** What comes next does not follow. */
  break(): void {
    this.#broken = true
  }

  /** @returns samples lost before this block */
  place(reading: Reading, periodMs: number, length: number): number {
    const clockMs = reading.clockMs ?? reading.at
    const expected = this.#expected
    const broken = this.#broken
    this.#broken = false
    this.#expected = { clockMs: clockMs + length * periodMs, at: reading.at + length * periodMs }
    let lost = 0
    if (expected) {
      lost = Math.round((clockMs - expected.clockMs) / periodMs)
      if (Math.abs(lost) <= TOLERANCE_SAMPLES) lost = 0
      if (lost < 0 || broken) {
        lost = Math.round(Math.max(LEAST_BREAK_MS, reading.at - expected.at) / periodMs)
      }
    }
    this.#end = { ms: this.#end.ms + (lost + length) * periodMs, at: this.#expected.at }
    return lost
  }

  /** The row's end, on the sample clock. */
  get ms(): number {
    return this.#end.ms
  }

  /** @param ms on the sample clock @returns epoch ms, on the readings' clock */
  at(ms: number): number {
    return Math.round(this.#end.at - (this.#end.ms - ms))
  }
}
