/**
 * Messages of Homebeat's own contract (docs/mqtt.md), `homebeat/v1/<device>/<sensor>`. Untrusted input: size, shape, device
 * and units are checked before anything is believed.
 */
import type { SensorKind } from '#fhir/measurement.js'
import { POSITION_CODES } from '#gateway/clinical/sensors/position/definition.js'
import { isSensorKind } from '#gateway/clinical/sensors/registry.js'
import { type Decoded, refuse } from '#gateway/model/decoded.js'
import type { Reading, ReadingValue } from '#gateway/model/reading.js'
import type { MqttFrame } from '#gateway/model/transport.js'
import { beyondRange } from './beyond-range.js'
import { MQTT_CONTRACT, type Payload, problemOf } from './mqtt-contract.js'
import { placeTime } from './place-time.js'

export const MQTT_MAX_PAYLOAD = 64 * 1024
export const DEVICE_TOPIC_ID = '[a-z0-9][a-z0-9-]{0,31}'
const TOPIC = new RegExp(`^homebeat/v1/(${DEVICE_TOPIC_ID})/([A-Za-z0-9]{1,32})$`)

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
  if (!parsed.success) return refuse('payload', `The ${sensor} payload is refused: ${problemOf(parsed.error)}.`)
  const { id, at, expires } = parsed.data
  if (id === undefined && at === undefined) {
    return refuse('payload', `The ${sensor} payload is refused: give "id" or "at", so that a redelivery is recognised.`)
  }
  const said = at === undefined ? undefined : Date.parse(at)
  const when = placeTime(said, frame.receivedAt, shiftMs, expires === undefined ? undefined : Date.parse(expires))
  // Without an id the time as sent is the identity, also where it is not believed.
  const messageId = id ?? (said !== undefined && !when.believed ? `at.${said}` : undefined)
  const readings = partsOf(sensor, parsed.data).map(
    (part): Reading => ({
      sensor: part.sensor,
      deviceId: frame.deviceId,
      status: 'ok',
      at: when.at,
      ...(when.believed && { timedByDevice: true }),
      ...(messageId !== undefined && { messageId }),
      spot: true,
      ...(when.expired && { superseded: true }),
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
  if ('value' in payload) {
    const { value, unit } = payload
    const number = typeof value === 'number' ? { value, unit } : beyondRange(value, sensor, unit)
    return number ? [{ sensor, value: { type: 'number', ...number } }] : []
  }
  const { systolic, diastolic, pulse, mean, irregularPulse, unit } = payload
  const more = { ...(mean !== undefined && { mean }), ...(irregularPulse !== undefined && { irregularPulse }) }
  const parts: Part[] = [{ sensor, value: { type: 'bloodPressure', systolic, diastolic, ...more, unit } }]
  if (pulse !== undefined) parts.push({ sensor: 'pulse', value: { type: 'number', value: pulse, unit: '/min' } })
  return parts
}

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
