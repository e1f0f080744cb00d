/** The bodies of kit lines that carry sensor values, one function per type. `null`: the body breaks the grammar. */
import type { SensorKind } from '#fhir/measurement.js'
import type { Reading, ReadingStatus, ReadingValue } from '#gateway/model/reading.js'
import type { KitFields } from './kit-line.js'

/** A reading without what the envelope says (device, time). */
export type KitValue = Pick<Reading, 'sensor' | 'status' | 'value'> & {
  readonly deviceTime?: string
  readonly index?: number
  readonly remarks?: readonly string[]
}

/** By the letter's code. */
const STATUS: readonly (ReadingStatus | undefined)[] = Object.entries({
  o: 'ok',
  a: 'acquiring',
  n: 'off',
  f: 'fault',
} as const).reduce<(ReadingStatus | undefined)[]>((table, [letter, status]) => {
  table[letter.charCodeAt(0)] = status
  return table
}, new Array(128).fill(undefined))
const NO_SAMPLE = 4095
const ADC_MAX = 1023
const STAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/
const NONE: ReadingValue = { type: 'none' }

/** Period in µs, as ms; nothing on this kit is faster than 1 kHz or slower than 10 s. */
function period(fields: KitFields, index: number): number | null {
  const micros = fields.decimal(index, 8)
  return micros !== null && micros >= 1000 && micros <= 10_000_000 ? micros / 1000 : null
}

function samples(sensor: SensorKind, fields: KitFields): KitValue[] | null {
  const status = STATUS[fields.letter(0)]
  const periodMs = period(fields, 1)
  const counts = fields.numbers(2)
  if (fields.length !== 3 || !status || periodMs === null || !counts?.length) return null
  let complete = true
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] as number
    if (count <= ADC_MAX) continue
    if (count !== NO_SAMPLE) return null
    complete = false
  }
  const values = complete ? counts : counts.map((count) => (count === NO_SAMPLE ? null : count))
  return [{ sensor, status, value: { type: 'samples', periodMs, samples: values } }]
}

function acceleration(fields: KitFields): KitValue[] | null {
  const status = STATUS[fields.letter(0)]
  const periodMs = period(fields, 1)
  const raw = fields.numbers(2)
  if (fields.length !== 3 || !status || periodMs === null || !raw?.length || raw.length % 3 !== 0) return null
  const triples: [number, number, number][] = []
  for (let i = 0; i < raw.length; i += 3) {
    triples.push([(raw[i] ?? 0) - 2048, (raw[i + 1] ?? 0) - 2048, (raw[i + 2] ?? 0) - 2048])
  }
  return [{ sensor: 'position', status, value: { type: 'acceleration', periodMs, samples: triples } }]
}

function temperature(fields: KitFields): KitValue[] | null {
  const status = STATUS[fields.letter(0)]
  const counts = fields.decimal(1, 4)
  if (fields.length !== 2 || !status || counts === null || counts > ADC_MAX) return null
  return [{ sensor: 'bodyTemperature', status, value: { type: 'number', value: counts, unit: 'counts' } }]
}

function oximeter(fields: KitFields): KitValue[] | null {
  const status = STATUS[fields.letter(0)]
  if (fields.length !== 3 || !status) return null
  if (status !== 'ok') {
    return [
      { sensor: 'pulse', status, value: NONE },
      { sensor: 'spo2', status, value: NONE },
    ]
  }
  const pulse = fields.decimal(1, 3)
  const spo2 = fields.decimal(2, 3)
  if (pulse === null || spo2 === null) return null
  return [
    { sensor: 'pulse', status, value: { type: 'number', value: pulse, unit: '/min' } },
    { sensor: 'spo2', status, value: { type: 'number', value: spo2, unit: '%' } },
  ]
}

function cuffRecord(fields: KitFields): KitValue[] | null {
  const status = STATUS[fields.letter(0)]
  const index = fields.decimal(1, 3)
  const deviceTime = fields.text(2) ?? ''
  if (fields.length !== 6 || !status || index === null || !STAMP.test(deviceTime)) return null
  if (status !== 'ok') return [{ sensor: 'bloodPressure', status, value: NONE, deviceTime, index }]
  const systolic = fields.decimal(3, 3)
  const diastolic = fields.decimal(4, 3)
  const pulse = fields.decimal(5, 3)
  if (systolic === null || diastolic === null || pulse === null) return null
  return [
    {
      sensor: 'bloodPressure',
      status,
      value: { type: 'bloodPressure', systolic, diastolic, unit: 'mm[Hg]' },
      deviceTime,
      index,
    },
    { sensor: 'pulse', status, value: { type: 'number', value: pulse, unit: '/min' }, deviceTime, index },
  ]
}

function meterRecord(fields: KitFields): KitValue[] | null {
  const status = STATUS[fields.letter(0)]
  const index = fields.decimal(1, 3)
  const deviceTime = fields.text(2) ?? ''
  const flags = fields.text(4) ?? ''
  if (fields.length !== 5 || !status || index === null || !STAMP.test(deviceTime)) return null
  if (!/^[0-9A-F]{2}$/.test(flags)) return null
  if (status !== 'ok') return [{ sensor: 'glucose', status, value: NONE, deviceTime, index }]
  const value = fields.decimal(3, 5)
  if (value === null) return null
  return [
    {
      sensor: 'glucose',
      status,
      value: { type: 'number', value, unit: 'mg/dL' },
      deviceTime,
      index,
      // Byte 5 of the meter's record is very likely the high byte of the value; nobody documents it.
      remarks: flags === '00' ? [] : ['meter-record-flagged'],
    },
  ]
}

/** By line type. */
export const kitBodies: Readonly<Record<string, (fields: KitFields) => KitValue[] | null>> = {
  E: (fields) => samples('ecg', fields),
  M: (fields) => samples('emg', fields),
  A: (fields) => samples('airflow', fields),
  G: (fields) => samples('gsr', fields),
  X: acceleration,
  T: temperature,
  O: oximeter,
  P: cuffRecord,
  U: meterRecord,
}
