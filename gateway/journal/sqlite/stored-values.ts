import type { SensorKind } from '#fhir/measurement.js'
import type { StoredValue, StoredValues } from '#gateway/journal/api/measurements.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { decodeMeasurement } from './measurement-codec.js'
import { MEASUREMENTS } from './queries.js'
import { opened, openLeaf, openMeasurement } from './sealed-rows.js'

interface Row {
  readonly id: number
  readonly identifier: string
  readonly sensor: string
  readonly at: number
  readonly payload: Uint8Array | null
  readonly batch: number | null
}

/** Measurements looked up one by one, for people who ask. */
export function storedValues(database: Database, cipher: RowCipher): StoredValues {
  const storedValue = (row: Row): StoredValue | null => {
    const { id, identifier, sensor, at, payload, batch } = row
    const known = { identifier, sensor: sensor as SensorKind, at }
    if (payload !== null) {
      const body = opened(() => openMeasurement(cipher, identifier, payload))
      return body && { ...known, content: { measurement: decodeMeasurement({ identifier, sensor, at, ...body }) } }
    }
    const leaf = database.get<{ position: number; observation: Uint8Array | null }>(MEASUREMENTS.leafOf, batch, id)
    const { position, observation } = leaf ?? {}
    if (position === undefined || !observation || batch === null) return null
    const found = opened(() => openLeaf(cipher, batch, position, observation))
    return found && { ...known, content: { observation: found.observation } }
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
