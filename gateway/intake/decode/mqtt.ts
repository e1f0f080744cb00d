/**
 * MQTT payload contract, version 1 (docs/mqtt.md): `homebeat/v1/<device>/<sensor>` and a small strict JSON object.
 * Untrusted input: size, shape, device and units are checked before anything is believed.
 */
import { z } from 'zod'
import { type BodyPosition, SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import { POSITION_CODES } from '#gateway/clinical/sensors/position/definition.js'
import { isSensorKind, sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { type Decoded, refuse } from '#gateway/model/decoded.js'
import type { Reading, ReadingValue } from '#gateway/model/reading.js'
import type { MqttFrame } from '#gateway/model/transport.js'

export const MQTT_MAX_PAYLOAD = 64 * 1024
export const DEVICE_TOPIC_ID = '[a-z0-9][a-z0-9-]{0,31}'
export const MESSAGE_ID = /^[A-Za-z0-9._:-]{1,40}$/
const TOPIC = new RegExp(`^homebeat/v1/(${DEVICE_TOPIC_ID})/([A-Za-z0-9]{1,32})$`)
/** A sender's clock may run a little ahead; more than this and it is not believed. */
const AHEAD_MS = 5 * 60_000
const OLDEST_MS = 2 * 365.25 * 86_400_000
/** Begins the remark with the time that was not believed. */
export const DEVICE_SAID = 'device-time-'

const stamp = {
  /** The sender's own message id: what makes a redelivery recognisable. */
  id: z.string().regex(MESSAGE_ID).optional(),
  /** ISO 8601 with a zone. */
  at: z.iso.datetime({ offset: true }).optional(),
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
      unit: oneOf(unitsOf(definition)),
    })
  }
  if (position)
    return z.strictObject({ ...stamp, position: z.enum(POSITION_CODES as [BodyPosition, ...BodyPosition[]]) })
  if (!quantity) return null
  return z.strictObject({ ...stamp, value: z.number(), unit: oneOf(unitsOf(definition)) })
}

type Stamp = { readonly id?: string | undefined; readonly at?: string | undefined }
type Payload = Stamp &
  (
    | { readonly value: number; readonly unit: string }
    | {
        readonly systolic: number
        readonly diastolic: number
        readonly pulse?: number | undefined
        readonly unit: string
      }
    | { readonly position: BodyPosition }
  )
type Part = { readonly sensor: SensorKind; readonly value: ReadingValue }

/** @param shiftMs from the frame's time to wall time */
export function decodeMqtt(frame: MqttFrame, shiftMs = 0): Decoded {
  const topic = TOPIC.exec(frame.topic)
  if (!topic) {
    const other = /^homebeat\/(v\d{1,4})\//.exec(frame.topic)?.[1]
    if (other !== undefined && other !== 'v1') {
      return refuse(
        'version',
        `The topic names version ${other.slice(1)} of the contract; this gateway knows version 1.`,
      )
    }
    return refuse('topic', 'The topic is not homebeat/v1/<device>/<sensor>.')
  }
  const [, device = '', sensor = ''] = topic
  if (device !== frame.deviceId) return refuse('device', 'The topic names another device than the one that sent it.')
  if (!isSensorKind(sensor)) return refuse('sensor', 'The topic names a sensor this gateway does not know.')
  if (frame.payload.byteLength > MQTT_MAX_PAYLOAD) return refuse('size', 'The payload is longer than 64 KiB.')

  const json = parseJson(frame.payload)
  if (json === undefined) return refuse('json', 'The payload is not JSON in UTF-8.')

  const schema = MQTT_CONTRACT.get(sensor)
  if (!schema) {
    return refuse('payload', `The ${sensor} payload is refused: version 1 of the contract has no waveforms.`)
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) return refuse('payload', `The ${sensor} payload is refused: ${problem(parsed.error)}.`)
  const { id, at } = parsed.data
  if (id === undefined && at === undefined) {
    return refuse('payload', `The ${sensor} payload is refused: give "id" or "at", so that a redelivery is recognised.`)
  }
  const when = placeTime(at === undefined ? undefined : Date.parse(at), frame.receivedAt, shiftMs)
  // Without an id the time as sent is the identity, also where it is not believed.
  const messageId = id ?? (when.remarks.length > 0 && at !== undefined ? `at.${Date.parse(at)}` : undefined)
  const readings = partsOf(sensor, parsed.data).map(
    (part): Reading => ({
      sensor: part.sensor,
      deviceId: frame.deviceId,
      status: 'ok',
      at: when.at,
      ...(when.believed && { timedByDevice: true }),
      ...(messageId !== undefined && { messageId }),
      spot: true,
      value: part.value,
      remarks: when.remarks,
    }),
  )
  return { readings, events: [], lost: 0, refused: null }
}

function partsOf(sensor: SensorKind, payload: Payload): Part[] {
  if ('position' in payload) {
    return [{ sensor, value: { type: 'position', code: POSITION_CODES.indexOf(payload.position) } }]
  }
  if ('value' in payload) return [{ sensor, value: { type: 'number', value: payload.value, unit: payload.unit } }]
  const { systolic, diastolic, pulse, unit } = payload
  const parts: Part[] = [{ sensor, value: { type: 'bloodPressure', systolic, diastolic, unit } }]
  if (pulse !== undefined) parts.push({ sensor: 'pulse', value: { type: 'number', value: pulse, unit: '/min' } })
  return parts
}

/**
 * A sender's time where it can be true, else the arrival with a remark.
 * @param time epoch ms; NaN is not believed
 * @param shiftMs from the time of arrival to wall time
 */
export function placeTime(
  time: number | undefined,
  receivedAt: number,
  shiftMs = 0,
): { at: number; believed: boolean; remarks: string[] } {
  if (time === undefined) return { at: receivedAt, believed: false, remarks: [] }
  const wall = receivedAt + shiftMs
  if (!isPlausible(time, wall)) {
    const said = Number.isFinite(time) ? [`${DEVICE_SAID}${new Date(time).toISOString()}`] : []
    return { at: receivedAt, believed: false, remarks: ['device-clock-implausible', ...said] }
  }
  return { at: time, believed: true, remarks: [] }
}

/** Whether a sender can have measured at `time` what came at `wall`. */
export const isPlausible = (time: number, wall: number): boolean =>
  Number.isFinite(time) && time <= wall + AHEAD_MS && time >= wall - OLDEST_MS

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** undefined: not JSON in UTF-8, or null. */
export function parseJson(payload: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(utf8.decode(payload))
    return value === null ? undefined : value
  } catch {
    return undefined
  }
}

/** The first problem only, named by its member; nothing that the sender wrote is repeated. */
function problem(error: z.ZodError): string {
  const issue = error.issues[0]
  const member = issue?.path[0]
  if (issue?.code === 'invalid_value' && member === 'unit') return `"unit" must be one of ${issue.values.join(', ')}`
  if (issue?.code === 'unrecognized_keys') return 'it has a member the contract does not name'
  if (member === undefined) return 'it must be a JSON object'
  const rule: Record<string, string> = {
    id: '1 to 40 letters, digits, dots, underscores, colons or hyphens',
    at: 'an ISO 8601 time with a zone',
    position: `one of ${POSITION_CODES.join(', ')}`,
  }
  return `"${String(member)}" must be ${rule[String(member)] ?? 'a number'}`
}
