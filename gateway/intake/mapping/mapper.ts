/** Other people's MQTT messages → Readings, by mapping templates. No I/O and no clock; remembers only what `change` needs. */

import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { localTime, type ZoneOffset } from '#gateway/intake/decode/device-time.js'
import { parseJson, placeTime } from '#gateway/intake/decode/mqtt.js'
import type { Reading } from '#gateway/model/reading.js'
import { valueAt } from './pointer.js'
import { DEVICE_ID, type MappedReading, type MappingRule, type MappingTemplate } from './template.js'
import { matchTopic } from './topic-pattern.js'
import { ucumOf } from './units.js'

export interface ForeignMessage {
  readonly topic: string
  readonly payload: Uint8Array
  /** Epoch ms. */
  readonly receivedAt: number
  /** From `receivedAt` to wall time, where that is another. */
  readonly shiftMs?: number
  /** Who published it: the broker's login, or what the transport made of it. */
  readonly deviceId: string
}

/** A rule, for people. */
export interface RuleName {
  readonly template: string
  readonly rule: string
}

export type Mapped =
  | ({ readonly outcome: 'mapped'; readonly readings: readonly Reading[] } & RuleName)
  /** `identity: change`: nothing has changed since the last message. */
  | ({ readonly outcome: 'repeated' } & RuleName)
  | ({ readonly outcome: 'ignored' } & RuleName)
  /** `code` starts with `map.`; `reason` has nothing of the payload. `nearest`: the rule that came furthest. */
  | {
      readonly outcome: 'unmapped'
      readonly code: string
      readonly reason: string
      readonly nearest?: RuleName
    }

export interface MapperOptions {
  /** In the order in which they are tried: the site's own first. */
  readonly templates: readonly MappingTemplate[]
  /** How others name a device → its name here. */
  readonly devices: Readonly<Record<string, string>>
  readonly zoneOffsetMinutes?: ZoneOffset
}

/** Rows whose last content is remembered for `change`. */
const MAX_REMEMBERED = 1000
/** Of a Date. */
const LAST_INSTANT = 8.64e15
const MAC = /^(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$/i

/** Why a rule does not fit, and how far it came: the topic fits (1), it holds (2), the device is known (3), … */
class Misfit {
  readonly depth: number
  readonly code: string
  readonly reason: string
  constructor(depth: number, code: string, reason: string) {
    this.depth = depth
    this.code = `map.${code}`
    this.reason = reason
  }
}

export class Mapper {
  readonly #templates: readonly MappingTemplate[]
  readonly #devices: ReadonlyMap<string, string>
  readonly #zone: ZoneOffset
  readonly #last = new Map<string, string>()

  constructor({ templates, devices, zoneOffsetMinutes = 0 }: MapperOptions) {
    this.#templates = templates
    this.#devices = new Map(Object.entries(devices).map(([theirs, ours]) => [deviceKey(theirs), ours]))
    this.#zone = zoneOffsetMinutes
  }

  map(message: ForeignMessage): Mapped {
    const text = textOf(message.payload)
    const document = parseJson(message.payload)
    let nearest: { misfit: Misfit; name: RuleName } | null = null
    for (const { template, rules } of this.#templates) {
      for (const rule of rules) {
        const segments = matchTopic(rule.topic, message.topic)
        if (!segments) continue
        const name = { template, rule: rule.name }
        const fitted = this.#fit(rule, message, segments, document, text)
        if (!(fitted instanceof Misfit)) return this.#told(fitted, rule, name, message)
        if (!nearest || fitted.depth > nearest.misfit.depth) nearest = { misfit: fitted, name }
      }
    }
    if (nearest) {
      const { code, reason } = nearest.misfit
      return { outcome: 'unmapped', code, reason, nearest: nearest.name }
    }
    return { outcome: 'unmapped', code: 'map.topic', reason: 'No mapping names this topic.' }
  }

  #fit(
    rule: MappingRule,
    message: ForeignMessage,
    segments: ReadonlyMap<string, string>,
    document: unknown,
    text: string | null,
  ): readonly Reading[] | Misfit {
    for (const condition of rule.when) {
      const actual = valueAt(document, condition.pointer)
      const wanted = 'in' in condition ? condition.in : [condition.equals]
      if (!wanted.some((one) => one === actual))
        return new Misfit(1, 'when', `The payload has not at ${condition.pointer} what the rule asks for.`)
    }
    if (rule.ignore) return []

    const deviceId = this.#deviceOf(rule, message, segments, document)
    if (deviceId instanceof Misfit) return deviceId

    const values: { sensor: MappedReading['sensor']; value: Reading['value'] }[] = []
    let missing: Misfit | null = null
    for (const reading of rule.readings) {
      const value = readValue(reading, rule, document, text)
      if (!(value instanceof Misfit)) values.push({ sensor: reading.sensor, value })
      else if (!reading.optional || value.code !== 'map.value') return value
      else missing ??= value
    }
    if (values.length === 0) return missing ?? new Misfit(3, 'value', 'The rule names no reading.')

    const when = this.#timeOf(rule, message, document)
    if (when instanceof Misfit) return when
    const messageId = this.#idOf(rule, message, document, values, when)
    if (messageId instanceof Misfit) return messageId
    return values.map(({ sensor, value }): Reading => {
      const absent = value.type === 'none'
      return {
        ...{ sensor, deviceId, value, at: when.at, status: absent ? 'acquiring' : 'ok', spot: true },
        ...(when.believed && { timedByDevice: true }),
        ...(messageId.id !== undefined && { messageId: messageId.id }),
        remarks: [...when.remarks, ...messageId.remarks],
      }
    })
  }

  #told(readings: readonly Reading[], rule: MappingRule, name: RuleName, { topic }: ForeignMessage): Mapped {
    if (rule.ignore) return { outcome: 'ignored', ...name }
    if (rule.identity === 'change') {
      const key = `${name.template} ${name.rule} ${readings[0]?.deviceId} ${topic}`
      const content = JSON.stringify(readings.map(({ sensor, value }) => [sensor, value]))
      if (this.#last.get(key) === content) return { outcome: 'repeated', ...name }
      this.#last.delete(key)
      this.#last.set(key, content)
      if (this.#last.size > MAX_REMEMBERED)
        for (const oldest of [...this.#last.keys()].slice(0, 1)) this.#last.delete(oldest)
    }
    return { outcome: 'mapped', readings, ...name }
  }

  #deviceOf(
    { device }: MappingRule,
    message: ForeignMessage,
    segments: ReadonlyMap<string, string>,
    document: unknown,
  ): string | Misfit {
    const sender = DEVICE_ID.test(message.deviceId)
      ? message.deviceId
      : new Misfit(2, 'device', 'Who published it has no name that a device may have: name it in `devices`.')
    if (device === 'sender') return sender
    const theirs = 'segment' in device ? segments.get(device.segment) : valueAt(document, device.pointer)
    const ours = typeof theirs === 'string' ? this.#devices.get(deviceKey(theirs)) : undefined
    if (ours !== undefined) return ours
    if (device.otherwise === 'sender') return sender
    const where = 'segment' in device ? `{${device.segment}} in the topic` : device.pointer
    return new Misfit(2, 'device', `The device that it names (${where}) is not in \`devices\` of a mapping file.`)
  }

  #timeOf({ time }: MappingRule, { receivedAt, shiftMs }: ForeignMessage, document: unknown): Placed | Misfit {
    if (!time) return placeTime(undefined, receivedAt, shiftMs)
    const found = valueAt(document, time.pointer)
    const instant = instantOf(found, time.as, this.#zone)
    if (instant === null) {
      const forms = {
        iso: 'an ISO 8601 time with a zone',
        local: 'a local time (YYYY-MM-DDThh:mm:ss)',
        'epoch-seconds': 'seconds since 1970',
        'epoch-milliseconds': 'milliseconds since 1970',
      } as const
      return new Misfit(5, 'time', `There is not ${forms[time.as]} at ${time.pointer}.`)
    }
    const placed = placeTime(instant, receivedAt, shiftMs)
    // Nobody set that clock's zone on purpose: said with each value, as for the memories of the kit's devices.
    const remarks = time.as === 'local' ? ['device-clock-unverified', ...placed.remarks] : placed.remarks
    return { ...placed, remarks, sent: instant }
  }

  #idOf(
    rule: MappingRule,
    message: ForeignMessage,
    document: unknown,
    values: readonly unknown[],
    when: Placed,
  ): { readonly id: string | undefined; readonly remarks: readonly string[] } | Misfit {
    if (rule.identity === 'id' && rule.id) {
      const found = valueAt(document, rule.id.pointer)
      const id = typeof found === 'number' ? String(found) : found
      if (typeof id !== 'string' || !/^[A-Za-z0-9._:-]{1,40}$/.test(id))
        return new Misfit(
          6,
          'id',
          `There is no message id at ${rule.id.pointer}: 1 to 40 letters, digits, dots, underscores, colons or hyphens.`,
        )
      return { id, remarks: [] }
    }
    if (rule.identity === 'time') {
      // A time that is not believed is still what a repetition is recognised by.
      const believed = when.sent === undefined || when.at === when.sent
      return { id: believed ? undefined : `at.${when.sent}`, remarks: [] }
    }
    const id = `in.${message.receivedAt}.${fingerprint(JSON.stringify(values))}`
    return { id, remarks: ['identity-by-arrival'] }
  }
}

interface Placed {
  readonly at: number
  readonly believed: boolean
  readonly remarks: readonly string[]
  /** The sender's own time, believed or not. */
  readonly sent?: number
}

function readValue(
  reading: MappedReading,
  rule: MappingRule,
  document: unknown,
  text: string | null,
): Reading['value'] | Misfit {
  const unit = unitOf(reading, document)
  if ('systolic' in reading) {
    const systolic = numberAt(reading.systolic, rule, document, text)
    const diastolic = numberAt(reading.diastolic, rule, document, text)
    if (systolic instanceof Misfit) return systolic
    if (diastolic instanceof Misfit) return diastolic
    if (systolic === 'absent' || diastolic === 'absent') return { type: 'none' }
    return unit instanceof Misfit ? unit : { type: 'bloodPressure', systolic, diastolic, unit }
  }
  const sent = numberAt(reading.value, rule, document, text)
  if (sent instanceof Misfit) return sent
  if (sent === 'absent') return { type: 'none' }
  if (unit instanceof Misfit) return unit
  const { factor, offset } = reading.scale ?? { factor: 1, offset: 0 }
  const value = factor * sent + offset
  return Number.isFinite(value)
    ? { type: 'number', value, unit }
    : new Misfit(3, 'value', 'The scaled value is no number.')
}

function numberAt(
  place: { readonly pointer: string } | 'payload',
  { absent }: MappingRule,
  document: unknown,
  text: string | null,
): number | 'absent' | Misfit {
  const whole = place === 'payload'
  // A whole payload is a JSON scalar (Home Assistant writes "36.6" with its quotes) or plain text.
  const found = whole ? (document ?? text) : valueAt(document, place.pointer)
  if (typeof found === 'number' && Number.isFinite(found)) return found
  if (typeof found === 'string') {
    const trimmed = found.trim()
    if (absent.includes(trimmed)) return 'absent'
    if (/^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(trimmed)) return Number(trimmed)
  }
  return new Misfit(3, 'value', whole ? 'The payload is not a number.' : `There is no number at ${place.pointer}.`)
}

function unitOf({ sensor, unit }: MappedReading, document: unknown): string | Misfit {
  const found = 'fixed' in unit ? unit.fixed : valueAt(document, unit.pointer)
  const ucum = typeof found === 'string' ? ucumOf(found) : null
  const accepted = unitsOf(sensorDefinitions[sensor])
  if (ucum !== null && accepted.includes(ucum)) return ucum
  const where = 'fixed' in unit ? 'The fixed unit' : `What stands at ${unit.pointer}`
  return new Misfit(4, 'unit', `${where} is no unit of a ${sensor}: it is given in ${accepted.join(' or ')}.`)
}

function instantOf(found: unknown, as: NonNullable<MappingRule['time']>['as'], zone: ZoneOffset): number | null {
  if (as === 'epoch-seconds' || as === 'epoch-milliseconds') {
    const number = typeof found === 'string' && /^\d{1,16}(?:\.\d{1,9})?$/.test(found) ? Number(found) : found
    if (typeof number !== 'number') return null
    const instant = Math.round(as === 'epoch-seconds' ? number * 1000 : number)
    return Math.abs(instant) <= LAST_INSTANT ? instant : null
  }
  if (typeof found !== 'string' || found.length > 40) return null
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/.test(found)
  // A local clock that does say its zone is believed.
  const instant = zoned ? Date.parse(found) : as === 'local' ? localTime(found, zone) : null
  return instant === null || Number.isNaN(instant) ? null : instant
}

/** MAC addresses are the same however they are written. */
function deviceKey(theirs: string): string {
  return MAC.test(theirs) ? theirs.replace(/[:-]/g, '').toLowerCase() : theirs
}

function textOf(payload: Uint8Array): string | null {
  if (payload.byteLength > 64) return null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload)
  } catch {
    return null
  }
}

/** FNV-1a, 32 bit: tells two messages of the same millisecond apart; no secret and no proof. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0')
}
