/**
 * Decodes the lines of one kit: envelope, sequence, clock, bodies. Holds the state of one wire; no I/O and no clock
 * of its own: times come with the frames.
 */
import type { SensorKind } from '#fhir/measurement.js'
import { type Decoded, type DeviceEvent, NOTHING, refuse } from '#gateway/model/decoded.js'
import type { Reading } from '#gateway/model/reading.js'
import type { KitLineFrame } from '#gateway/model/transport.js'
import { placeDeviceTime, type ZoneOffset } from './device-time.js'
import { type KitValue, kitBodies } from './kit-body.js'
import { KitClock } from './kit-clock.js'
import { type KitLine, parseKitLine } from './kit-line.js'
import { MemoryDumps, MOST_RECORDS } from './memory-dumps.js'

export const KIT_PROTOCOL = '1'

/** What an L line's letter stands for: the type of the lines that are missing. */
const GAPS: ReadonlyMap<string, SensorKind> = new Map([
  ['E', 'ecg'],
  ['M', 'emg'],
  ['A', 'airflow'],
  ['X', 'position'],
  ['G', 'gsr'],
  ['T', 'bodyTemperature'],
])

const NO_REMARKS: readonly string[] = []

/** A jump beyond this is a restart whose banner was lost, not a loss: about ten minutes of lines. */
const MAX_LOST = 16_384

export class KitDecoder {
  readonly #deviceId: string
  readonly #zone: ZoneOffset
  readonly #shiftMs: () => number
  readonly #clock = new KitClock()
  #seq: number | null = null
  #damaged = 0
  #mode: 'ecg' | 'emg' | null = null
  /** Records of the dump being read, by what the last `H,end` said. */
  #records: number | null = null
  /** How often each device time was seen in this dump. */
  #stamps = new Map<string, number>()
  /** By sensor. */
  readonly #dumps = new Map<SensorKind, MemoryDumps>()
  #spoken = true

  constructor(options: { deviceId: string; zoneOffsetMinutes?: ZoneOffset; shiftMs?: () => number }) {
    this.#deviceId = options.deviceId
    this.#zone = options.zoneOffsetMinutes ?? 0
    this.#shiftMs = options.shiftMs ?? (() => 0)
  }

  decode(frame: KitLineFrame): Decoded {
    const line = parseKitLine(frame.line)
    if ('error' in line) {
      this.#damaged += 1
      return line.error === 'crc'
        ? refuse('crc', 'A line from the kit is damaged: its CRC does not match.')
        : refuse('kit-line', 'A line from the kit does not have the shape of firmware/PROTOCOL.md.')
    }
    return line.type === 'B' ? this.#boot(line, frame.receivedAt) : this.#line(line, frame.receivedAt)
  }

  #boot(line: KitLine, receivedAt: number): Decoded {
    const [protocol = '', firmware = '', cause = ''] = line.fields.texts()
    this.#clock.restart()
    this.#seq = line.seq
    this.#damaged = 0
    this.#records = null
    this.#stamps.clear()
    this.#mode = null
    this.#spoken = protocol === KIT_PROTOCOL
    if (!this.#spoken) return otherProtocol()
    const at = this.#clock.learn(line.ms, receivedAt)
    const boot = { type: 'boot', deviceId: this.#deviceId, at, firmware: word(firmware), cause: word(cause) } as const
    return { ...NOTHING, events: [boot] }
  }

  #line(line: KitLine, receivedAt: number): Decoded {
    const events: DeviceEvent[] = []
    if (!this.#spoken) {
      this.#seq = line.seq
      return otherProtocol()
    }
    let kitMs = this.#clock.unwrap(line.ms)
    let lost = this.#count(line.seq)
    if (kitMs === null || lost > MAX_LOST) {
      // The kit restarted and its banner was lost in the noise.
      this.#clock.restart()
      kitMs = line.ms
      lost = 0
      events.push({ type: 'boot', deviceId: this.#deviceId, at: receivedAt, firmware: '', cause: 'unknown' })
    }
    const at = this.#clock.learn(kitMs, receivedAt)
    const body = kitBodies[line.type]
    if (body) {
      const values = body(line.fields)
      if (!values) return this.#broken(line, events, lost)
      if (line.type === 'E') this.#modeIs('ecg', at, events)
      else if (line.type === 'M') this.#modeIs('emg', at, events)
      return { readings: this.#readings(values, at, kitMs, receivedAt), events, lost, refused: null }
    }
    return this.#event(line, at, events) ? { ...NOTHING, events, lost } : this.#broken(line, events, lost)
  }

  #broken(line: KitLine, events: DeviceEvent[], lost: number): Decoded {
    return { ...refuse('kit-body', `A ${line.type} line from the kit breaks firmware/PROTOCOL.md.`, lost), events }
  }

  /** Lines missing before this one; damaged ones that did arrive are counted as refused already. */
  #count(seq: number): number {
    const gap = this.#seq === null ? 0 : (seq - this.#seq - 1 + 65_536) % 65_536
    const lost = Math.max(0, gap - this.#damaged)
    this.#seq = seq
    this.#damaged = 0
    return lost
  }

  #modeIs(mode: 'ecg' | 'emg', at: number, events: DeviceEvent[]): void {
    if (mode !== this.#mode) events.push({ type: 'mode', deviceId: this.#deviceId, at, mode })
    this.#mode = mode
  }

  #readings(values: readonly KitValue[], at: number, clockMs: number, receivedAt: number): Reading[] {
    const deviceTime = values[0]?.deviceTime
    if (deviceTime === undefined) {
      const deviceId = this.#deviceId
      const readings: Reading[] = []
      for (const { sensor, status, value } of values)
        readings.push({ sensor, deviceId, status, at, clockMs, value, remarks: NO_REMARKS })
      return readings
    }
    const index = values[0]?.index ?? 0
    const stamp = `${values[0]?.sensor} ${deviceTime}`
    const ordinal = (this.#stamps.get(stamp) ?? 0) + 1
    this.#stamps.set(stamp, ordinal)
    if (this.#stamps.size > MOST_RECORDS) this.#stamps.clear()
    const dump = this.#dumpOf(values[0]?.sensor ?? 'bloodPressure')
    dump.add(JSON.stringify(values.map(({ index: _, ...said }) => said)))
    // Without the count of a dump a record stands for itself.
    const isNewest = this.#records !== null && index === this.#records - 1
    const memory = isNewest ? dump.end() : 'no-last-poll'
    const placed = placeDeviceTime(deviceTime, receivedAt + this.#shiftMs(), this.#zone)
    return values.map(({ sensor, status, value, remarks = [] }) => ({
      sensor,
      deviceId: this.#deviceId,
      status,
      ...(placed.believed ? { at: placed.at, timedByDevice: true } : { at: receivedAt, undated: memory }),
      deviceTime,
      spot: true,
      ...(ordinal > 1 && { ordinal }),
      ...(this.#records !== null && index < this.#records - 1 && { superseded: true }),
      value,
      remarks: [...placed.remarks, ...remarks],
    }))
  }

  #dumpOf(sensor: SensorKind): MemoryDumps {
    const dump = this.#dumps.get(sensor) ?? new MemoryDumps()
    this.#dumps.set(sensor, dump)
    return dump
  }

  #event(line: KitLine, at: number, events: DeviceEvent[]): boolean {
    const deviceId = this.#deviceId
    const { fields } = line
    const first = fields.text(0) ?? ''
    const second = fields.text(1) ?? ''
    switch (line.type) {
      case 'H': {
        const records = fields.decimal(2, 5)
        const dropped = fields.decimal(3, 5)
        if ((first !== 'begin' && first !== 'end') || (second !== 'cuff' && second !== 'glucometer')) return false
        const from = fields.length < 5 ? 0 : fields.decimal(4, 5)
        if (records === null || dropped === null || from === null) return false
        // A long dump comes in passes: what follows an earlier one is the same dump.
        if (from === 0) this.#stamps.clear()
        if (from === 0 && first === 'end') this.#dumpOf(second === 'cuff' ? 'bloodPressure' : 'glucose').begin(records)
        this.#records = first === 'end' ? records : null
        events.push({ type: 'hand-over', deviceId, at, phase: first, to: second, records, dropped })
        return true
      }
      case 'L': {
        const signal = GAPS.get(first)
        const periodUs = fields.decimal(1, 7)
        const samples = fields.decimal(2, 5)
        if (fields.length !== 3 || !signal || !periodUs || samples === null) return false
        events.push({ type: 'gap', deviceId, at, signal, periodMs: periodUs / 1000, samples })
        return true
      }
      case 'C': {
        const value = fields.decimal(1, 5)
        if (fields.length !== 2 || !/^[a-z0-9-]{1,16}$/.test(first) || value === null) return false
        events.push({ type: 'calibration', deviceId, at, name: first, value })
        return true
      }
      case 'K':
        if (!/^[0-9A-F]{4}$/.test(first) || (second !== 'ok' && second !== 'err')) return false
        events.push({
          type: 'answer',
          deviceId,
          at,
          command: first,
          ok: second === 'ok',
          detail: word(fields.text(2) ?? ''),
        })
        return true
      case 'S': {
        const [overruns, dropped, rxErrors] = [1, 2, 3].map((index) => fields.decimal(index))
        if ((first !== 'ecg' && first !== 'emg') || overruns == null || dropped == null || rxErrors == null)
          return false
        this.#modeIs(first, at, events)
        events.push({ type: 'heartbeat', deviceId, at, overruns, dropped, rxErrors })
        return true
      }
      default:
        return false
    }
  }
}

/** What a device says of itself may reach a log: one short word. */
const word = (text: string) => text.replace(/[^A-Za-z0-9._-]/g, '').slice(0, 32)

const otherProtocol = (): Decoded =>
  refuse('kit-protocol', 'The kit speaks another protocol version: flash it with the firmware of this release.')
