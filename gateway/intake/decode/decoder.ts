/** decode: Frame → Readings. One KitDecoder or AnalogDecoder per wire; everything else needs no memory. No I/O, no clock of its own. */
import { Mapper, type MapperOptions } from '#gateway/intake/mapping/mapper.js'
import { type Decoded, NOTHING, refuse } from '#gateway/model/decoded.js'
import type { Frame, MqttFrame, WaveformFrame } from '#gateway/model/transport.js'
import { decodeAcknowledgement, isAcknowledgement } from './acknowledge.js'
import { AnalogDecoder } from './analog.js'
import type { ZoneOffset } from './device-time.js'
import { KitDecoder } from './kit-decoder.js'
import { decodeMqtt } from './mqtt.js'

export interface DecoderOptions {
  /** Device id of what arrives on a transport whose wire names none; the transport's name where left out. */
  readonly devices?: Readonly<Record<string, string>>
  /** Minutes east of UTC of the home: for devices that stamp local time. */
  readonly zoneOffsetMinutes?: ZoneOffset
  /** Whether a device of a transport may acknowledge alarms; none may where left out. */
  readonly mayAcknowledge?: (transport: string, deviceId: string) => boolean
  /** How other people's MQTT messages are read; without it none is. */
  readonly mappings?: Pick<MapperOptions, 'templates' | 'devices'>
  /** Milliseconds from the frames' time (see `SteadyClock.run`) to wall time now; 0 where left out. */
  readonly shiftMs?: () => number
}

export class Decoder {
  readonly #options: DecoderOptions
  readonly #kits = new Map<string, KitDecoder>()
  readonly #boards = new Map<string, AnalogDecoder>()
  readonly #mapper: Mapper

  constructor(options: DecoderOptions = {}) {
    this.#options = options
    this.#mapper = this.mapper()
  }

  /** A mapper that remembers nothing yet. */
  mapper(): Mapper {
    const { mappings, zoneOffsetMinutes } = this.#options
    return new Mapper({
      ...{ templates: mappings?.templates ?? [], devices: mappings?.devices ?? {} },
      ...(zoneOffsetMinutes !== undefined && { zoneOffsetMinutes }),
    })
  }

  /** By Homebeat's own contract where the topic is its own, else by the mappings. What neither takes is `unmapped`. */
  decodeMqtt(frame: MqttFrame, mapper = this.#mapper, shiftMs = 0): Decoded {
    // Never kept to be tried again: what somebody knew then says nothing of now.
    if (isAcknowledgement(frame)) {
      const { mayAcknowledge = () => false } = this.#options
      return decodeAcknowledgement(frame, mayAcknowledge(frame.transport, frame.deviceId), shiftMs)
    }
    const decoded = frame.topic.startsWith('homebeat/')
      ? decodeMqtt(frame, shiftMs)
      : decodeForeign(frame, mapper, shiftMs)
    const { refused } = decoded
    if (!refused) return decoded
    const { deviceId, topic, payload, receivedAt } = frame
    return {
      ...decoded,
      unmapped: { deviceId, topic, payload, receivedAt, code: refused.code, reason: refused.reason },
    }
  }

  deviceOf(transport: string): string {
    return this.#options.devices?.[transport] ?? transport
  }

  decode(frame: Frame): Decoded {
    switch (frame.format) {
      case 'kit-line':
        return this.#kit(frame.transport).decode(frame)
      case 'mqtt-publish':
        return this.decodeMqtt(frame, this.#mapper, this.#options.shiftMs?.())
      case 'waveform-block':
        return decodeWaveform(frame)
      case 'analog-samples':
        return this.#board(frame.transport).decode(frame)
      case 'transport-event': {
        const { transport, event, detail, deviceId, receivedAt: at } = frame
        // One of many that comes to measure and goes again is no fault of the transport.
        if (deviceId !== undefined) return NOTHING
        const refused = event === 'refused' ? { code: 'transport.refused', reason: detail, count: frame.count } : null
        return { ...NOTHING, events: [{ type: 'transport', transport, at, event, detail }], refused }
      }
    }
  }

  #board(transport: string): AnalogDecoder {
    const board = this.#boards.get(transport) ?? new AnalogDecoder(this.deviceOf(transport))
    this.#boards.set(transport, board)
    return board
  }

  #kit(transport: string): KitDecoder {
    let kit = this.#kits.get(transport)
    if (!kit) {
      const zone = this.#options.zoneOffsetMinutes
      kit = new KitDecoder({
        deviceId: this.deviceOf(transport),
        ...(zone !== undefined && { zoneOffsetMinutes: zone }),
        ...(this.#options.shiftMs && { shiftMs: this.#options.shiftMs }),
      })
      this.#kits.set(transport, kit)
    }
    return kit
  }
}

function decodeForeign(frame: MqttFrame, mapper: Mapper, shiftMs: number): Decoded {
  const mapped = mapper.map({ ...frame, shiftMs })
  if (mapped.outcome === 'mapped') return { ...NOTHING, readings: mapped.readings }
  if (mapped.outcome !== 'unmapped') return NOTHING
  return { ...NOTHING, refused: { code: mapped.code, reason: mapped.reason, count: 1 } }
}

/** A recording's block: its samples and its own scale, untouched. */
function decodeWaveform(frame: WaveformFrame): Decoded {
  const { sensor, deviceId, at, periodMs, origin, factor, lowerLimit, upperLimit, unit, samples } = frame
  if (!/^[A-Za-z0-9._-]{1,32}$/.test(deviceId)) {
    return refuse('device', 'The device of a recording has other characters than letters, digits, dots and hyphens.')
  }
  if (!Number.isFinite(at) || !(periodMs > 0) || !Number.isFinite(origin) || !Number.isFinite(factor)) {
    return refuse('waveform', 'A block of a recording has no usable time, period or scale.')
  }
  const scale = { origin, factor, lowerLimit, upperLimit, ...(unit !== undefined && { unit }) }
  const value = { type: 'samples', periodMs, scale, samples } as const
  const timed = frame.timedBySource && { timedByDevice: true as const }
  return { ...NOTHING, readings: [{ sensor, deviceId, status: 'ok', at, ...timed, value, remarks: [] }] }
}
