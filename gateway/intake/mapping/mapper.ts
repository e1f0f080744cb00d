/** Other people's MQTT messages → Readings, by mapping templates. No I/O and no clock; remembers only what `change` needs. */

import type { ZoneOffset } from '#gateway/intake/decode/device-time.js'
import type { Reading } from '#gateway/model/reading.js'
import { parseForeignJson } from './foreign-json.js'
import { Misfit } from './misfit.js'
import { valueAt } from './pointer.js'
import { type Placed, timeOf } from './read-time.js'
import { readValue } from './read-value.js'
import { DEVICE_ID, type MappedReading, type MappingRule, type MappingTemplate } from './template.js'
import { matchTopic } from './topic-pattern.js'

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
const MAX_REASONS = 3
const MAC = /^(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$/i

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
    const document = parseForeignJson(message.payload)
    let nearest: { misfit: Misfit; name: RuleName; rank: number } | null = null
    const reasons = new Map<number, Set<string>>()
    for (const { template, rules } of this.#templates) {
      for (const rule of rules) {
        const segments = matchTopic(rule.topic, message.topic)
        if (!segments) continue
        const name = { template, rule: rule.name }
        const fitted = this.#fit(rule, message, segments, document, text)
        if (!(fitted instanceof Misfit)) return this.#told(fitted, rule, name, message)
        // Of rules that come as far, the one whose sensor the message names is meant.
        const rank = fitted.depth + (names(rule, document) ? 0.5 : 0)
        reasons.set(rank, (reasons.get(rank) ?? new Set()).add(fitted.reason))
        if (!nearest || rank > nearest.rank) nearest = { misfit: fitted, name, rank }
      }
    }
    if (nearest) {
      // What the message names belongs to none of these rules: each says what it misses.
      const reason = [...(reasons.get(nearest.rank) ?? [])].slice(0, MAX_REASONS).join(' ')
      return { outcome: 'unmapped', code: nearest.misfit.code, reason, nearest: nearest.name }
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

    const when = timeOf(rule, message, document, this.#zone)
    if (when instanceof Misfit) return when
    const messageId = this.#idOf(rule, message, document, values, when)
    if (messageId instanceof Misfit) return messageId
    return values.map(({ sensor, value }): Reading => {
      const absent = value.type === 'none'
      return {
        ...{ sensor, deviceId, value, at: when.at, status: absent ? 'acquiring' : 'ok', spot: true },
        ...(when.believed && { timedByDevice: true }),
        ...(when.expired && { superseded: true }),
        ...(messageId.id !== undefined && { messageId: messageId.id }),
        remarks: [...when.remarks, ...messageId.remarks],
      }
    })
  }

  #told(readings: readonly Reading[], rule: MappingRule, name: RuleName, { topic }: ForeignMessage): Mapped {
    if (rule.ignore) return { outcome: 'ignored', ...name }
    if (rule.identity === 'change') {
      const key = `${name.template} ${name.rule} ${readings[0]?.deviceId} ${topic}`
      const content = JSON.stringify(readings.map(({ sensor, value, superseded }) => [sensor, value, superseded]))
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

/** Whether the message has a member that the rule reads, or one of several alike (`DS18B20-1` for `DS18B20`). */
function names({ readings }: MappingRule, document: unknown): boolean {
  if (typeof document !== 'object' || document === null) return false
  const members = Object.keys(document)
  return readings.some((reading) => {
    const place = 'systolic' in reading ? reading.systolic : reading.value
    const first = place === 'payload' ? undefined : place.pointer.split('/')[1]
    return first !== undefined && members.some((member) => member === first || member.startsWith(`${first}-`))
  })
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
