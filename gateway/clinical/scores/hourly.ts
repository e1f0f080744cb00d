/**
 * Each hour's count, mean, lowest and highest instead of its values: two weeks of a patient in constant memory. Pure: no I/O, no clock.
 */
import type { Observable } from '#fhir/measurement.js'
import type { Judged } from '#gateway/clinical/normalise/judged.js'
import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import { numberOf, type TrendedNumber } from '#gateway/clinical/sensors/sensor-definition.js'

export interface Followed extends TrendedNumber {
  readonly observable: Observable | undefined
  readonly decimals: number
}

/** The numbers that are followed, each in its observable's unit. */
export const TRENDED: readonly Followed[] = SENSORS.flatMap((sensor) => {
  const { observable } = numberOf(sensor) ?? sensor.pressure ?? {}
  return (sensor.trended ?? []).map((row) => ({ ...row, observable, decimals: sensor.digits }))
})

export interface Hour {
  /** Of a `TrendedNumber`. */
  readonly number: string
  /** Epoch ms of its beginning; hours of UTC. */
  readonly hour: number
  readonly count: number
  readonly mean: number
  readonly min: number
  readonly max: number
}

export const HOUR_MS = 3_600_000
export const KEPT_MS = 15 * 24 * HOUR_MS

const keyOf = ({ number, hour }: Pick<Hour, 'number' | 'hour'>) => `${number} ${hour}`

export class HourlyAggregates {
  readonly #hours = new Map<string, Hour>()
  readonly #changed = new Set<string>()

  /** @param kept before a restart */
  constructor(kept: readonly Hour[] = []) {
    for (const hour of kept) this.#hours.set(keyOf(hour), hour)
  }

  /** A value as evaluate sees it; also one of days ago, from a device's memory. */
  see({ measurement, superseded, undated }: Judged, now: number): void {
    const { observable, value, quality, at } = measurement
    if (superseded || undated || quality === 'implausible' || at > now || at < now - KEPT_MS) return
    for (const row of TRENDED) {
      if (row.observable !== observable) continue
      if (value.type === 'quantity') this.#add(row.number, value.value, at)
      else if (value.type === 'bloodPressure') this.#add(row.number, value[row.number as 'systolic' | 'diastolic'], at)
    }
  }

  hours(): Hour[] {
    return [...this.#hours.values()]
  }

  /** Forgets what is too old. @returns what is not kept yet */
  changed(now: number): Hour[] {
    for (const [key, { hour }] of this.#hours) if (hour < now - KEPT_MS) this.#hours.delete(key)
    return [...this.#changed].flatMap((key) => this.#hours.get(key) ?? [])
  }

  /** These hours are durable now; an hour that has changed meanwhile is not. */
  kept(hours: readonly Hour[]): void {
    for (const hour of hours) if (this.#hours.get(keyOf(hour)) === hour) this.#changed.delete(keyOf(hour))
  }

  #add(number: string, value: number, at: number): void {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS
    const key = keyOf({ number, hour })
    const known = this.#hours.get(key) ?? { number, hour, count: 0, mean: 0, min: value, max: value }
    const count = known.count + 1
    this.#hours.set(key, {
      ...{ number, hour, count },
      mean: known.mean + (value - known.mean) / count,
      min: Math.min(known.min, value),
      max: Math.max(known.max, value),
    })
    this.#changed.add(key)
  }
}
