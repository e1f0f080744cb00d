/**
 * normalise: Reading → Measurement. Physical units, quality, chunks, rates; and which values of a continuous sensor are
 * worth storing. No I/O and no clock: `now` comes with each call.
 */
import type { Measurement, Observable, SensorKind } from '#fhir/measurement.js'
import { POSITION_CODES } from '#gateway/sensors/definitions/position.js'
import { type Judgement, judgeAbsent, judgePressure, judgeQuantity } from '#gateway/sensors/judge.js'
import { sensorDefinitions } from '#gateway/sensors/registry.js'
import { type Calibration, NOMINAL } from '#gateway/sensors/sensor-definition.js'
import type { Reading } from '../reading.js'
import { BreathDetector, NO_BREATH_MS } from './breaths.js'
import type { Chunk } from './chunker.js'
import { measurementIdentifier } from './identifier.js'
import type { Judged, Normalised, Signal } from './judged.js'
import { Posture } from '#gateway/signals/motion/posture.js'
import { chunkQuality, chunkValue, WaveformChannel } from './waveform-channel.js'

/** The last stored value of one continuous row. */
interface Kept {
  at: number
  /** The number, the position, or the reason for absence. */
  value: number | string
  quality: string
}

interface Channel {
  readonly sensor: SensorKind
  readonly deviceId: string
  readonly waveform: WaveformChannel | null
  readonly breaths: BreathDetector | null
  readonly posture: Posture | null
  readonly kept: Map<Observable, Kept>
  /** Whether its waveform brings its own time. */
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
        return this.#acceleration(channel, reading, reading.value)
      default:
        return this.#value(channel, reading)
    }
  }

  /** A constant of a kit, as it hands it over; holds from the next reading on. */
  calibrate(deviceId: string, name: string, value: number): void {
    const constants = this.#calibrations.get(deviceId) ?? new Map<string, number>()
    this.#calibrations.set(deviceId, constants.set(name, value))
  }

  #calibrationOf(deviceId: string): Calibration {
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
    const closed = this.flush(deviceId)
    for (const channel of this.#channels.values()) {
      if (channel.deviceId !== deviceId) continue
      channel.breaths?.reset()
      channel.posture?.reset()
    }
    return closed
  }

  /** Marks the open chunks of a device, e.g. with a hand-over of its line. */
  remark(deviceId: string, remark: string): void {
    for (const channel of this.#channels.values()) if (channel.deviceId === deviceId) channel.waveform?.remark(remark)
  }

  #channel({ deviceId, sensor }: Reading): Channel {
    const key = `${deviceId} ${sensor}`
    let channel = this.#channels.get(key)
    if (!channel) {
      const definition = sensorDefinitions[sensor]
      channel = {
        sensor,
        deviceId,
        waveform: definition.waveform
          ? new WaveformChannel(definition, definition.waveform, () => this.#calibrationOf(deviceId))
          : null,
        breaths: definition.waveform && definition.quantity ? new BreathDetector() : null,
        posture: definition.position ? new Posture() : null,
        kept: new Map(),
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
    const observable = (definition.quantity ?? definition.pressure ?? definition.position ?? definition.outputs[0])
      .observable
    let judgement: Judgement | null = null
    if (status !== 'ok') judgement = judgeAbsent(definition, status)
    else if (value.type === 'number' && definition.quantity) {
      judgement = judgeQuantity(
        definition,
        definition.quantity,
        value.value,
        value.unit,
        this.#calibrationOf(reading.deviceId),
      )
    } else if (value.type === 'bloodPressure' && definition.pressure) {
      judgement = judgePressure(definition, definition.pressure, value, value.unit)
    } else if (value.type === 'position' && definition.position) {
      const position = POSITION_CODES[value.code] ?? 'undefined'
      judgement = { status, value: { type: 'position', position }, quality: 'good', remarks: [] }
    }
    judgement ??= judgeAbsent(definition, 'fault')
    return {
      judged: [this.#judged(channel, observable, reading, judgement)],
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
    const judged = chunks.map((chunk) => this.#chunk(channel, chunk))
    if (channel.breaths) judged.push(...this.#breathing(channel, channel.breaths, reading, value, state))
    return { judged, signals: [signal(reading, state)] }
  }

  #breathing(
    channel: Channel,
    breaths: BreathDetector,
    reading: Reading,
    value: Extract<Reading['value'], { type: 'samples' }>,
    state: Signal['state'],
  ): Judged[] {
    const definition = sensorDefinitions[channel.sensor]
    const part = definition.quantity
    if (!part) return []
    const at = Math.round(reading.at + value.samples.length * value.periodMs)
    const last = { ...reading, at }
    if (state !== 'ok') {
      breaths.reset()
      return [this.#judged(channel, part.observable, last, judgeAbsent(definition, state === 'flat' ? 'fault' : state))]
    }
    const { rate, sinceBreathMs } = breaths.push(reading.clockMs ?? reading.at, value.periodMs, value.samples)
    const secondsSinceBreath = sinceBreathMs === null ? undefined : sinceBreathMs / 1000
    if (rate !== null) {
      const judgement = judgeQuantity(definition, part, rate, '/min')
      return [
        {
          ...this.#judged(channel, part.observable, last, judgement),
          ...(secondsSinceBreath !== undefined && { secondsSinceBreath }),
        },
      ]
    }
    // Before the first breaths there is nothing to say; after them, silence is.
    if (sinceBreathMs === null || secondsSinceBreath === undefined || sinceBreathMs < NO_BREATH_MS) return []
    const absent = { ...judgeAbsent(definition, 'acquiring'), remarks: ['no-breath'] }
    return [{ ...this.#judged(channel, part.observable, last, absent), secondsSinceBreath }]
  }

  #acceleration(
    channel: Channel,
    reading: Reading,
    value: Extract<Reading['value'], { type: 'acceleration' }>,
  ): Normalised {
    const definition = sensorDefinitions[channel.sensor]
    const { posture } = channel
    if (reading.status !== 'ok' || !posture || !definition.position) {
      posture?.reset()
      return this.#value(channel, reading)
    }
    const position = posture.push(value.periodMs, value.samples)
    const signals = [signal(reading, 'ok')]
    if (position === null) return { judged: [], signals }
    const judgement: Judgement = { status: 'ok', value: { type: 'position', position }, quality: 'good', remarks: [] }
    return { judged: [this.#judged(channel, definition.position.observable, reading, judgement)], signals }
  }

  #judged(channel: Channel, observable: Observable, reading: Reading, judgement: Judgement): Judged {
    const { at, deviceId, deviceTime, ordinal, messageId, spot = false, superseded = false } = reading
    const remarks = [...judgement.remarks, ...reading.remarks]
    const quality = judgement.quality === 'good' && remarks.length > 0 ? 'questionable' : judgement.quality
    const measurement: Measurement = {
      identifier: measurementIdentifier({
        deviceId,
        patient: this.#patient,
        observable,
        at,
        ...(deviceTime !== undefined && { deviceTime }),
        ...(ordinal !== undefined && { ordinal }),
        ...(messageId !== undefined && { messageId }),
      }),
      sensor: reading.sensor,
      observable,
      deviceId,
      at,
      ...(deviceTime !== undefined && { deviceTime }),
      ...(reading.timedByDevice && { timedByDevice: true }),
      value: judgement.value,
      quality,
      remarks,
    }
    return { measurement, stored: spot || this.#keep(channel, measurement), spot, superseded }
  }

  /** Whether a continuous value says something new; remembers it if so. */
  #keep(channel: Channel, { observable, at, value, quality, remarks }: Measurement): boolean {
    const definition = sensorDefinitions[channel.sensor]
    const keep = definition.quantity?.keep ?? { everyMs: definition.position?.everyMs ?? 0, change: 0 }
    const last = channel.kept.get(observable)
    const absent = value.type === 'absent'
    const now =
      value.type === 'quantity' ? value.value : value.type === 'position' ? value.position : `${remarks.join()}`
    let stored = !last || last.quality !== quality || typeof last.value !== typeof now
    if (last && !stored) {
      stored =
        typeof now === 'number' && typeof last.value === 'number'
          ? // Half of the last decimal, so that 36.7 → 36.8 is a change of 0.1.
            Math.abs(now - last.value) >= keep.change - 1e-9
          : now !== last.value
      // Absence is told once; a clock set back must not hold values up.
      if (!stored && !absent) stored = at - last.at >= keep.everyMs || at < last.at
    }
    if (stored) channel.kept.set(observable, { at, value: now, quality })
    return stored
  }

  #chunk(channel: Channel, chunk: Chunk): Judged {
    const part = sensorDefinitions[channel.sensor].waveform
    const observable = part?.observable ?? sensorDefinitions[channel.sensor].outputs[0].observable
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

function signal({ sensor, deviceId, spot = false }: Reading, state: Signal['state']): Signal {
  return { sensor, deviceId, state, spot }
}
