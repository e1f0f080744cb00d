/** Skin conductance: its level by the minute. A trend: nothing is alarmed on. */

import type { Signal } from '#gateway/clinical/normalise/judged.js'
import { gsr } from '#gateway/clinical/sensors/gsr/definition.js'
import { judgeQuantity } from '#gateway/clinical/sensors/judge.js'
import { SkinAnalyser } from '#gateway/clinical/signals/skin/skin-analyser.js'
import type { Reading } from '#gateway/model/reading.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { SampleRow } from './sample-row.js'
import { NOTHING_SAID, type Said, type SignalWatch, type Surroundings } from './signal-watch.js'

const LONGEST_GAP_MS = 10_000

export class SkinWatch implements SignalWatch {
  readonly #surroundings: Surroundings
  #periodMs: number | null = null
  #analyser: SkinAnalyser | null = null
  #row = new SampleRow()

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  push(reading: Reading, state: Signal['state'], _now: number): Said {
    const { value, deviceId } = reading
    if (value.type !== 'samples' || state !== 'ok') return NOTHING_SAID
    const { periodMs } = value
    if (periodMs !== this.#periodMs) this.#begin(periodMs)
    const analyser = this.#analyser
    if (!analyser) return NOTHING_SAID
    const lost = this.#row.place(reading, periodMs, value.samples.length)
    const minutes = []
    if (lost * periodMs > LONGEST_GAP_MS) analyser.reset(lost * periodMs)
    else minutes.push(...analyser.push(Array.from({ length: lost }, () => null)))
    const calibration = this.#surroundings.calibrationOf(deviceId)
    const { counts } = gsr.quantity.units
    minutes.push(...analyser.push(value.samples.map((raw) => (raw === null ? null : counts(raw, calibration)))))
    const conclusions = minutes.flatMap(({ at, tonic }) => {
      if (tonic === null) return []
      const judgement = judgeQuantity(gsr, gsr.derived, tonic, 'uS')
      return [{ observable: gsr.derived.observable, at: this.#row.at(at), judgement }]
    })
    return { ...NOTHING_SAID, conclusions }
  }

  restart(): void {
    this.#row.break()
  }

  end(): SystemCondition[] {
    return []
  }

  #begin(periodMs: number): void {
    this.#periodMs = periodMs
    const rateHz = 1000 / periodMs
    this.#analyser = rateHz >= 2 && rateHz <= 20 ? new SkinAnalyser({ rateHz }) : null
    this.#row = new SampleRow()
  }
}
