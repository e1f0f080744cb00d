/**
 * normalise: Reading → Measurement. Physical units, quality, chunks; and which values of a continuous sensor are
 * worth storing. No I/O and no clock: `now` comes with each call.
 */
import type { SensorKind } from '#fhir/measurement.js'
import { type Judgement, judgeAbsent, judgePressure, judgeQuantity } from '#gateway/clinical/sensors/judge.js'
import { POSITION_CODES } from '#gateway/clinical/sensors/position/definition.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { type Calibration, NOMINAL, observablesOf } from '#gateway/clinical/sensors/sensor-definition.js'
import type { Reading } from '#gateway/model/reading.js'
import type { Chunk } from './chunker.js'
import { measurementIdentifier } from './identifier.js'
import type { Judged, Normalised, Signal } from './judged.js'
import { JumpGuard } from './jumps.js'
import { MeasurementRow } from './measurement-row.js'
import { chunkQuality, chunkValue, WaveformChannel } from './waveform-channel.js'

interface Channel {
  readonly sensor: SensorKind
  readonly deviceId: string
  readonly waveform: WaveformChannel | null
  readonly jumps: JumpGuard | null
  readonly row: MeasurementRow
  /** The waveform brings its own time. */
  timedByDevice: boolean
}

export class Normaliser {
  readonly #patient: string
  readonly #channels = new Map<string, Channel>()
  readonly #calibrations = new Map<string, Map<string, number>>()

  constructor(options: { patient: string }) {
    this.#patient = options.patient
  }

  accept(reading: Reading, now: number): Normalised {
    const channel = this.#channel(reading)
    switch (reading.value.type) {
      case 'samples':
        return channel.waveform
          ? this.#waveform(channel, channel.waveform, reading, reading.value, now)
          : this.#mean(channel, reading, reading.value)
      case 'acceleration':
        // The analysis finds what the acceleration says of the body.
        return reading.status === 'ok'
          ? { judged: [], signals: [signal(reading, 'ok')] }
          : this.#value(channel, reading)
      default:
        return this.#value(channel, reading)
    }
  }

  /** A constant of a kit, as it hands it over; holds from the next reading on. */
  calibrate(deviceId: string, name: string, value: number): void {
    const constants = this.#calibrations.get(deviceId) ?? new Map<string, number>()
    this.#calibrations.set(deviceId, constants.set(name, value))
  }

  calibrationOf(deviceId: string): Calibration {
    return this.#calibrations.get(deviceId) ?? NOMINAL
  }

  /** Closes chunks whose source fell silent. */
  tick(now: number): Judged[] {
    return [...this.#channels.values()].flatMap((channel) =>
      (channel.waveform?.tick(now) ?? []).map((chunk) => this.#chunk(channel, chunk)),
    )
  }

  /** Closes the chunks of a device (all, where none is named), or of one of its sensors. */
  flush(deviceId?: string, sensor?: SensorKind): Judged[] {
    const channels = [...this.#channels.values()].filter(
      (channel) =>
        (deviceId === undefined || channel.deviceId === deviceId) &&
        (sensor === undefined || channel.sensor === sensor),
    )
    return channels.flatMap((channel) => (channel.waveform?.flush() ?? []).map((chunk) => this.#chunk(channel, chunk)))
  }

  /** The device started anew: nothing it says continues what it said. */
  restart(deviceId: string): Judged[] {
    for (const channel of this.#channels.values()) if (channel.deviceId === deviceId) channel.jumps?.reset()
    return this.flush(deviceId)
  }

  /** Marks the open chunks of a device, e.g. with a hand-over of its line. */
  remark(deviceId: string, remark: string): void {
    for (const channel of this.#channels.values()) if (channel.deviceId === deviceId) channel.waveform?.remark(remark)
  }

  /** Values that are concluded from a sensor's readings go on the sensor's own row. */
  rowOf(reading: Reading): MeasurementRow {
    return this.#channel(reading).row
  }

  #channel({ deviceId, sensor }: Reading): Channel {
    const key = `${deviceId} ${sensor}`
    let channel = this.#channels.get(key)
    if (!channel) {
      const definition = sensorDefinitions[sensor]
      const jump = definition.quantity?.jump
      channel = {
        sensor,
        deviceId,
        waveform: definition.waveform
          ? new WaveformChannel(definition, definition.waveform, () => this.calibrationOf(deviceId))
          : null,
        jumps: jump ? new JumpGuard(jump) : null,
        row: new MeasurementRow(this.#patient, sensor),
        timedByDevice: false,
      }
      this.#channels.set(key, channel)
    }
    return channel
  }

  /** Numbers, pressures, positions and "nothing". */
  #value(channel: Channel, reading: Reading): Normalised {
    const definition = sensorDefinitions[reading.sensor]
    const { value, status } = reading
    const part = definition.quantity ?? definition.pressure ?? definition.position
    const observable = part?.observable ?? observablesOf(definition)[0]
    let judgement: Judgement | null = null
    if (status !== 'ok') judgement = judgeAbsent(definition, status)
    else if (value.type === 'number' && definition.quantity) {
      judgement = judgeQuantity(
        definition,
        definition.quantity,
        value.value,
        value.unit,
        this.calibrationOf(reading.deviceId),
        value.comparator,
      )
    } else if (value.type === 'bloodPressure' && definition.pressure) {
      judgement = judgePressure(definition, definition.pressure, value, value.unit)
    } else if (value.type === 'position' && definition.position) {
      const position = POSITION_CODES[value.code] ?? 'undefined'
      judgement = { status, value: { type: 'position', position }, quality: 'good', remarks: [] }
    }
    judgement ??= judgeAbsent(definition, 'fault')
    const held = isHeld(channel, reading, judgement)
    if (held) judgement = { ...judgement, quality: 'questionable', remarks: [...judgement.remarks, 'jump'] }
    return {
      judged: [{ ...channel.row.judged(observable, reading, judgement), ...(held && { held }) }],
      signals: [signal(reading, judgement.status)],
    }
  }

  /** Several counts of one slow sensor in one line: their mean is the value. */
  #mean(channel: Channel, reading: Reading, value: { samples: readonly (number | null)[] }): Normalised {
    const counts = value.samples.filter((sample) => sample !== null)
    if (reading.status === 'ok' && counts.length === 0) return { judged: [], signals: [signal(reading, 'ok')] }
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    return this.#value(channel, { ...reading, value: { type: 'number', value: mean, unit: 'counts' } })
  }

  #waveform(
    channel: Channel,
    waveform: WaveformChannel,
    reading: Reading,
    value: Extract<Reading['value'], { type: 'samples' }>,
    now: number,
  ): Normalised {
    channel.timedByDevice = reading.timedByDevice ?? false
    const { chunks, state } = waveform.push(reading, value, now)
    return { judged: chunks.map((chunk) => this.#chunk(channel, chunk)), signals: [signal(reading, state)] }
  }

  #chunk(channel: Channel, chunk: Chunk): Judged {
    const [observable] = observablesOf(sensorDefinitions[channel.sensor])
    const { at } = chunk
    return {
      measurement: {
        identifier: measurementIdentifier({ deviceId: channel.deviceId, patient: this.#patient, observable, at }),
        sensor: channel.sensor,
        observable,
        deviceId: channel.deviceId,
        at,
        until: Math.round(at + chunk.samples.length * chunk.periodMs),
        ...(channel.timedByDevice && { timedByDevice: true }),
        value: chunkValue(chunk),
        quality: chunkQuality(chunk),
        remarks: chunk.remarks,
      },
      stored: true,
      spot: false,
      superseded: false,
    }
  }
}

/** A spot value follows no other. */
function isHeld({ jumps }: Channel, { spot, clockMs, at }: Reading, { value, quality }: Judgement): boolean {
  if (!jumps || spot) return false
  if (value.type !== 'quantity' || quality === 'implausible') {
    jumps.reset()
    return false
  }
  return jumps.isJump(clockMs ?? at, value.value)
}

function signal({ sensor, deviceId, spot = false }: Reading, state: Signal['state']): Signal {
  return { sensor, deviceId, state, spot }
}
