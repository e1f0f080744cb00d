/** The last minutes of three values, kept by the page itself since it was opened: a point a second, gaps as null. */
import type { SensorKind } from '#fhir/measurement.js'
import type { LiveValue } from '../../../../model/live.js'
import { show } from '../../../../wording/words.js'

export const TREND_SENSORS = ['pulse', 'spo2', 'airflow'] as const
export type TrendSensor = (typeof TREND_SENSORS)[number]
/** Anything else under that sensor is not this trend (airflow also has a waveform). */
const UNITS: Readonly<Record<TrendSensor, string>> = { pulse: '/min', spo2: '%', airflow: '/min' }

const POINTS = 900
const STEP_MS = 900

export class TrendLog {
  /** Epoch seconds. */
  times: number[] = []
  readonly series: Record<TrendSensor, (number | null)[]> = { pulse: [], spo2: [], airflow: [] }

  record(now: number, values: ReadonlyMap<SensorKind, LiveValue>): void {
    const last = this.times.at(-1)
    if (last !== undefined && now - last * 1000 < STEP_MS) return
    this.times.push(now / 1000)
    for (const sensor of TREND_SENSORS) {
      const value = values.get(sensor)
      const usable = value?.unit === UNITS[sensor] && show(value, now).state === 'live'
      this.series[sensor].push(usable && typeof value.value === 'number' ? value.value : null)
    }
    if (this.times.length <= POINTS) return
    this.times.shift()
    for (const sensor of TREND_SENSORS) this.series[sensor].shift()
  }
}
