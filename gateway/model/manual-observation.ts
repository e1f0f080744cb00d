/** What a person measures or sees and enters by hand, as data: no sensor gives it, or the sensor is not there. */
import { z } from 'zod'
import type { SensorKind } from '#fhir/measurement.js'
import type { Actor } from '#gateway/model/alert.js'
import type { Reading } from '#gateway/model/reading.js'

/** ACVPU: alert, new confusion, responds to voice, responds to pain, unresponsive. */
export const CONSCIOUSNESS_LEVELS = ['alert', 'confusion', 'voice', 'pain', 'unresponsive'] as const
export type Consciousness = (typeof CONSCIOUSNESS_LEVELS)[number]

export const OXYGEN_SUPPLIES = ['air', 'oxygen'] as const
export type OxygenSupply = (typeof OXYGEN_SUPPLIES)[number]

/** The device of what is entered by hand. */
export const MANUAL = 'manual'

/** What a person can read off an instrument; the first unit is taken where none is given. */
export const ENTERED_QUANTITIES = {
  temperature: { sensor: 'bodyTemperature', units: ['Cel', '[degF]'] },
  glucose: { sensor: 'glucose', units: ['mg/dL', 'mmol/L'] },
  pulse: { sensor: 'pulse', units: ['/min'] },
  respiration: { sensor: 'airflow', units: ['/min'] },
  spo2: { sensor: 'spo2', units: ['%'] },
} as const satisfies Record<string, { sensor: SensorKind; units: readonly [string, ...string[]] }>
export type EnteredQuantity = keyof typeof ENTERED_QUANTITIES

const quantities = Object.entries(ENTERED_QUANTITIES).map(([what, { units }]) =>
  z.strictObject({ what: z.literal(what as EnteredQuantity), value: z.number(), unit: z.enum(units).optional() }),
)

export const entrySchema = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('consciousness'), value: z.enum(CONSCIOUSNESS_LEVELS) }),
  z.strictObject({ what: z.literal('oxygen'), value: z.enum(OXYGEN_SUPPLIES) }),
  z.strictObject({ what: z.literal('blood-pressure'), systolic: z.number(), diastolic: z.number() }),
  ...quantities,
])
export type Entry = z.output<typeof entrySchema>

/** What no sensor measures: kept with who entered it, for the score. */
export type Observed = { readonly at: number; readonly actor: Actor } & (
  | { readonly what: 'consciousness'; readonly value: Consciousness }
  | { readonly what: 'oxygen'; readonly value: OxygenSupply }
)

/** Where observations are kept. */
export interface EntryJournal {
  /** Durable when it returns. @throws HomebeatError `journal.*` */
  append(observed: Observed): void
  latest(what: Observed['what']): Observed | null
}

/** An instrument's value as a reading; null: it is not one. */
export function readingOf(entry: Entry, at: number): Reading | null {
  const head = { deviceId: MANUAL, status: 'ok' as const, at, spot: true, remarks: [] }
  switch (entry.what) {
    case 'consciousness':
    case 'oxygen':
      return null
    case 'blood-pressure': {
      const { systolic, diastolic } = entry
      return { ...head, sensor: 'bloodPressure', value: { type: 'bloodPressure', systolic, diastolic, unit: 'mm[Hg]' } }
    }
    default: {
      const { sensor, units } = ENTERED_QUANTITIES[entry.what]
      return { ...head, sensor, value: { type: 'number', value: entry.value, unit: entry.unit ?? units[0] } }
    }
  }
}
