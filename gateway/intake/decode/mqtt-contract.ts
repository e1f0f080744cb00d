/** MQTT payload contract, version 1 (docs/mqtt.md): a small strict JSON object for each sensor. */
import { z } from 'zod'
import { type BodyPosition, SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import { POSITION_CODES } from '#gateway/clinical/sensors/position/definition.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'

export const MESSAGE_ID = /^[A-Za-z0-9._:-]{1,40}$/

/** Instead of a number: beyond what the meter can show. */
const BEYOND = ['HI', 'LO'] as const

const stamp = {
  /** The sender's own message id: what makes a redelivery recognisable. */
  id: z.string().regex(MESSAGE_ID).optional(),
  /** ISO 8601 with a zone. */
  at: z.iso.datetime({ offset: true }).optional(),
  /** From then on it is no current value; as `at`. */
  expires: z.iso.datetime({ offset: true }).optional(),
}

const oneOf = (units: readonly string[]) => z.enum(units as [string, ...string[]])

/** One strict schema per sensor that has a payload in version 1; `docs/mqtt.schema.json` is generated from them. */
export const MQTT_CONTRACT: ReadonlyMap<SensorKind, z.ZodType<Payload>> = new Map(
  SENSOR_KINDS.flatMap((sensor): [SensorKind, z.ZodType<Payload>][] => {
    const schema = contractOf(sensor)
    return schema ? [[sensor, schema]] : []
  }),
)

function contractOf(sensor: SensorKind): z.ZodType<Payload> | null {
  const definition = sensorDefinitions[sensor]
  const { quantity, pressure, position } = definition
  if (pressure) {
    return z.strictObject({
      ...stamp,
      systolic: z.number(),
      diastolic: z.number(),
      pulse: z.number().optional(),
      mean: z.number().optional(),
      irregularPulse: z.boolean().optional(),
      unit: oneOf(unitsOf(definition)),
    })
  }
  if (position)
    return z.strictObject({ ...stamp, position: z.enum(POSITION_CODES as [BodyPosition, ...BodyPosition[]]) })
  if (!quantity) return null
  return z.strictObject({ ...stamp, value: z.union([z.number(), z.enum(BEYOND)]), unit: oneOf(unitsOf(definition)) })
}

type Stamp = { readonly [Member in keyof typeof stamp]?: string | undefined }
export type Payload = Stamp &
  (
    | { readonly value: number | (typeof BEYOND)[number]; readonly unit: string }
    | {
        readonly systolic: number
        readonly diastolic: number
        readonly pulse?: number | undefined
        readonly mean?: number | undefined
        readonly irregularPulse?: boolean | undefined
        readonly unit: string
      }
    | { readonly position: BodyPosition }
  )

/** The first problem only, named by its member; nothing that the sender wrote is repeated. */
export function problemOf(error: z.ZodError): string {
  const issue = error.issues[0]
  const member = issue?.path[0]
  if (issue?.code === 'invalid_value' && member === 'unit') return `"unit" must be one of ${issue.values.join(', ')}`
  if (issue?.code === 'unrecognized_keys') return 'it has a member the contract does not name'
  if (member === undefined) return 'it must be a JSON object'
  const rule: Record<string, string> = {
    id: '1 to 40 letters, digits, dots, underscores, colons or hyphens',
    at: 'an ISO 8601 time with a zone',
    value: 'a number, or HI or LO',
    expires: 'an ISO 8601 time with a zone',
    irregularPulse: 'true or false',
    position: `one of ${POSITION_CODES.join(', ')}`,
  }
  return `"${String(member)}" must be ${rule[String(member)] ?? 'a number'}`
}
