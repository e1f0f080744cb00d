/** What a person may enter by hand, as data: what they see of the patient, and what they read off an instrument. */
import { z } from 'zod'
import type { SensorKind } from '#fhir/measurement.js'
import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import { unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { CONSCIOUSNESS_LEVELS, OXYGEN_SUPPLIES } from '#gateway/model/manual-observation.js'
import type { Reading } from '#gateway/model/reading.js'

/** The device of what is entered by hand. */
const MANUAL = 'manual'

export interface ManualReading {
  readonly what: string
  readonly sensor: SensorKind
  /** The first unit is taken where none is given (UCUM). */
  readonly units: readonly [string, ...string[]]
}

/** The numbers that a person can read off an instrument: of each sensor that says so. */
export const MANUAL_READINGS: readonly ManualReading[] = SENSORS.flatMap((sensor) => {
  const { entered, kind } = sensor
  return entered === undefined ? [] : { what: entered, sensor: kind, units: unitsOf(sensor) as [string, ...string[]] }
})

/** Everything that may be entered; a number or a pressure becomes a reading, the rest is kept for the score. */
export const manualObservationSchema = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('consciousness'), value: z.enum(CONSCIOUSNESS_LEVELS) }),
  z.strictObject({ what: z.literal('oxygen'), value: z.enum(OXYGEN_SUPPLIES) }),
  z.strictObject({ what: z.literal('blood-pressure'), systolic: z.number(), diastolic: z.number() }),
  ...MANUAL_READINGS.map(({ what, units }) =>
    z.strictObject({ what: z.literal(what), value: z.number(), unit: z.enum(units).optional() }),
  ),
])
export type ManualObservation = z.output<typeof manualObservationSchema>

/** An instrument's value as a reading; null: it is not one. @param at epoch ms, run time */
export function readingOf(observation: ManualObservation, at: number): Reading | null {
  const head = { deviceId: MANUAL, status: 'ok' as const, at, spot: true, remarks: [] }
  if ('systolic' in observation) {
    const { systolic, diastolic } = observation
    return { ...head, sensor: 'bloodPressure', value: { type: 'bloodPressure', systolic, diastolic, unit: 'mm[Hg]' } }
  }
  const { what, value } = observation
  const row = MANUAL_READINGS.find((reading) => reading.what === what)
  if (!row || typeof value !== 'number') return null
  const unit = ('unit' in observation && observation.unit) || row.units[0]
  return { ...head, sensor: row.sensor, value: { type: 'number', value, unit } }
}
