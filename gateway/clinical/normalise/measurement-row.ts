/** What one sensor of one device says, one value after the other: identifiers, and which of them are worth storing. */
import type { Measurement, Observable, SensorKind } from '#fhir/measurement.js'
import type { Judgement } from '#gateway/clinical/sensors/judge.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { Reading } from '#gateway/model/reading.js'
import { measurementIdentifier } from './identifier.js'
import type { Judged } from './judged.js'

/** The last stored value of one observable. */
interface Kept {
  at: number
  /** The number, the position, or the reason for absence. */
  value: number | string
  quality: string
}

export class MeasurementRow {
  readonly #patient: string
  readonly #sensor: SensorKind
  readonly #kept = new Map<Observable, Kept>()

  constructor(patient: string, sensor: SensorKind) {
    this.#patient = patient
    this.#sensor = sensor
  }

  judged(observable: Observable, reading: Reading, judgement: Judgement): Judged {
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
      sensor: this.#sensor,
      observable,
      deviceId,
      at,
      ...(deviceTime !== undefined && { deviceTime }),
      ...(reading.timedByDevice && { timedByDevice: true }),
      value: judgement.value,
      quality,
      remarks,
    }
    return { measurement, stored: spot || this.#keep(measurement), spot, superseded }
  }

  /** Whether a continuous value says something new; remembers it if so. */
  #keep({ observable, at, value, quality, remarks }: Measurement): boolean {
    const { quantity, derived, position } = sensorDefinitions[this.#sensor]
    const part = derived?.observable === observable ? derived : quantity
    const keep = part?.keep ?? { everyMs: position?.everyMs ?? 0, change: 0 }
    const last = this.#kept.get(observable)
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
    if (stored) this.#kept.set(observable, { at, value: now, quality })
    return stored
  }
}
