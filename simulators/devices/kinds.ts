/** The devices a home may have beside the kit, as data: what each is called and what it says of a patient. */
import { createHash } from 'node:crypto'
import type { SensorKind } from '#fhir/measurement.js'
import type { Vitals } from '#simulators/patient/patient.js'

export interface DeviceKind {
  readonly deviceId: string
  /** Last segment of the topic `homebeat/v1/<deviceId>/<sensor>`. */
  readonly sensor: SensorKind
  /** The fields of the payload besides `id` and `at`, rounded as the device's display would. */
  readonly measure: (vitals: Vitals) => Readonly<Record<string, number | string>>
}

/** mg/dL in a mmol/L of glucose (molar mass 180.16 g/mol). */
const MG_PER_DL = 18.016

export const DEVICE_KINDS = {
  cuff: {
    deviceId: 'mqtt-cuff',
    sensor: 'bloodPressure',
    measure: ({ systolic, diastolic, pulse }) => ({
      systolic: Math.round(systolic),
      diastolic: Math.round(diastolic),
      pulse: Math.round(pulse),
      unit: 'mm[Hg]',
    }),
  },
  glucometer: {
    deviceId: 'mqtt-glucometer',
    sensor: 'glucose',
    measure: ({ glucose }) => ({ value: Math.round((glucose / MG_PER_DL) * 10) / 10, unit: 'mmol/L' }),
  },
} as const satisfies Record<string, DeviceKind>

/** A stable id in the shape of a UUID (version 8, RFC 9562 §5.8): the same measurement always has the same. */
export function measurementId(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
  const variant = ((Number.parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
