import type { SensorKind } from '#fhir/measurement.js'
import type { Database } from './database.js'
import type { StoredValue, StoredValues } from './journal.js'
import { decodeMeasurement, type MeasurementRow } from './measurement-codec.js'
import { MEASUREMENTS } from './queries.js'

interface Row extends Omit<MeasurementRow, 'payload'> {
  readonly id: number
  readonly payload: string | null
  readonly batch: number | null
}

/** Measurements looked up one by one, for people who ask. */
export function storedValues(database: Database): StoredValues {
  const storedValue = (row: Row): StoredValue | null => {
    const { id, identifier, sensor, at, payload, batch } = row
    const known = { identifier, sensor: sensor as SensorKind, at }
    if (payload !== null) return { ...known, content: { measurement: decodeMeasurement({ ...row, payload }) } }
    const leaf = database.get<{ observation: string }>(MEASUREMENTS.leafOf, batch, id)
    return leaf ? { ...known, content: { observation: leaf.observation } } : null
  }
  return {
    of(identifier) {
      const row = database.get<Row>(MEASUREMENTS.stored, identifier)
      return row ? storedValue(row) : null
    },
    *near(at, withinMs, sensors) {
      const rows = database
        .all<Row>(MEASUREMENTS.around, at - withinMs, at + withinMs)
        .filter(({ sensor }) => sensors.includes(sensor as SensorKind))
        .sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))
      for (const row of rows) {
        const value = storedValue(row)
        if (value) yield value
      }
    },
  }
}
