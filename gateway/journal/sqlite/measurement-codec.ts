/** A Measurement as a row: JSON, with a waveform's samples as 16-bit integers beside it (a third of their JSON). */
import type { Measurement, MeasurementValue, SensorKind } from '#fhir/measurement.js'
import { IDENTITY_CONFLICT } from '#gateway/model/reading.js'
import { HomebeatError } from '#gateway/platform/errors.js'

export interface MeasurementRow {
  readonly identifier: string
  readonly sensor: string
  readonly at: number
  readonly payload: string
  readonly samples: Uint8Array | null
  /** Counted: another value under an identity that was there. */
  readonly isConflict?: true
}

/** Stands for a lost sample (null): outside what a 16-bit converter yields once it is excluded below. */
const LOST = -32768

/** @throws HomebeatError `journal.not-storable` for a number that JSON cannot keep (NaN, infinity). */
export function encodeMeasurement(measurement: Measurement): MeasurementRow {
  const { identifier, sensor, at, value, ...rest } = measurement
  const samples = value.type === 'waveform' ? packSamples(value.samples) : null
  const kept = samples ? { ...value, samples: undefined } : value
  if (!Number.isFinite(at)) throw notStorable('at')
  checkNumbers(rest)
  checkNumbers(value)
  if (value.type === 'waveform' && !samples && !value.samples.every((one) => one === null || Number.isFinite(one)))
    throw notStorable('samples')
  const isConflict = rest.remarks.includes(IDENTITY_CONFLICT)
  return {
    ...{ identifier, sensor, at, payload: JSON.stringify({ ...rest, value: kept }), samples },
    ...(isConflict && { isConflict }),
  }
}

/** Its own members: a Measurement has nothing deeper but its value. A replacer would be called for each of them. */
function checkNumbers(object: object): void {
  for (const [key, field] of Object.entries(object))
    if (typeof field === 'number' && !Number.isFinite(field)) throw notStorable(key)
}

export function decodeMeasurement(row: MeasurementRow): Measurement {
  const { value, ...rest } = JSON.parse(row.payload) as Omit<Measurement, 'identifier' | 'sensor' | 'at'>
  const whole = row.samples ? { ...value, samples: unpackSamples(row.samples) } : value
  return {
    identifier: row.identifier,
    sensor: row.sensor as SensorKind,
    at: row.at,
    ...rest,
    value: whole as MeasurementValue,
  }
}

/** Little-endian int16; null when a sample is not a whole number of that range (then the JSON keeps them). */
function packSamples(samples: readonly (number | null)[]): Uint8Array | null {
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  // Counted: an iterator's pairs would cost more than everything else that is done with a waveform.
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] as number | null
    if (sample !== null && !(Number.isInteger(sample) && sample > LOST && sample <= 32767)) return null
    // JSON has no -0 either; as an integer sample it is 0.
    view.setInt16(index * 2, sample ?? LOST, true)
  }
  return bytes
}

function unpackSamples(bytes: Uint8Array): (number | null)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 2 }, (_, index) => {
    const sample = view.getInt16(index * 2, true)
    return sample === LOST ? null : sample
  })
}

function notStorable(field: string): HomebeatError {
  return new HomebeatError('journal.not-storable', `A measurement has no finite number in ${field}: it was refused.`)
}
