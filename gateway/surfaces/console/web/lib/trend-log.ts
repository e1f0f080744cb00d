/** The last minutes of some numbers, kept by the page itself since it was opened: a point a second, gaps as null. */
import type { SensorKind } from '#fhir/measurement.js'
import { SENSORS } from '../../../../clinical/sensors/registry.js'
import type { LiveValue } from '../../../../model/live.js'
import { show } from '../../../../wording/words.js'

/** Sensors whose number is drawn. */
export const CHARTED = SENSORS.filter(({ chart }) => chart)

const POINTS = 900
const STEP_MS = 900

export class TrendLog {
  /** Epoch seconds. */
  times: number[] = []
  readonly #series = new Map<SensorKind, (number | null)[]>(CHARTED.map(({ kind }) => [kind, []]))

  /** A point for each of `times`; none for a sensor that is not charted. */
  of(sensor: SensorKind): readonly (number | null)[] {
    return this.#series.get(sensor) ?? []
  }

  record(now: number, values: ReadonlyMap<SensorKind, LiveValue>): void {
    const last = this.times.at(-1)
    if (last !== undefined && now - last * 1000 < STEP_MS) return
    this.times.push(now / 1000)
    for (const [sensor, points] of this.#series) {
      const value = values.get(sensor)
      const live = value !== undefined && show(value, now).state === 'live'
      points.push(live && typeof value.value === 'number' ? value.value : null)
    }
    if (this.times.length <= POINTS) return
    this.times.shift()
    for (const points of this.#series.values()) points.shift()
  }
}
