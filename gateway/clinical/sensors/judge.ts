/** Applies a SensorDefinition to one value: physical unit, plausibility, and what the sensor's status means. */
import type { MeasurementValue, Quality } from '#fhir/measurement.js'
import type { ReadingStatus } from '#gateway/model/reading.js'
import {
  type Calibration,
  NOMINAL,
  type PressurePart,
  type QuantityPart,
  type Range,
  type SensorDefinition,
} from './sensor-definition.js'

export interface Judgement {
  readonly status: ReadingStatus
  readonly value: MeasurementValue
  readonly quality: Quality
  readonly remarks: readonly string[]
}

/** A status other than ok: no value, with the reason. Never a 0. */
export function judgeAbsent(definition: SensorDefinition, status: Exclude<ReadingStatus, 'ok'>): Judgement {
  const { reason, remark } = definition.absent[status]
  return { status, value: { type: 'absent', reason }, quality: 'missing', remarks: [remark] }
}

/**
 * One raw number → the output's unit. An unknown unit is a programming error: decode refuses it before.
 * @param comparator the device says that the number is less, or more, than `raw`
 */
export function judgeQuantity(
  definition: SensorDefinition,
  part: QuantityPart,
  raw: number,
  unit: string,
  calibration: Calibration = NOMINAL,
  comparator?: '<' | '>',
): Judgement {
  const convert = part.units[unit]
  const physical = convert ? convert(raw, calibration) : Number.NaN
  const status = part.probe?.(physical, raw, unit) ?? 'ok'
  if (status !== 'ok') return judgeAbsent(definition, status)
  if (!Number.isFinite(physical)) return judgeAbsent(definition, 'fault')
  const value = round(physical, part.decimals)
  const { possible, beyond = possible, likely = possible } = part
  const side = comparator ?? (value > possible.high ? '>' : value < possible.low ? '<' : undefined)
  if (side === undefined) return judged({ type: 'quantity', value }, within(value, likely) ? null : 'unlikely')
  if (!within(value, beyond)) return judged({ type: 'quantity', value }, 'out-of-range')
  const bound = Math.min(Math.max(value, possible.low), possible.high)
  return judged({ type: 'quantity', value: bound, comparator: side }, 'beyond-range')
}

function judged(value: MeasurementValue, remark: 'unlikely' | 'beyond-range' | 'out-of-range' | null): Judgement {
  const quality = remark === null ? 'good' : remark === 'out-of-range' ? 'implausible' : 'questionable'
  return { status: 'ok', value, quality, remarks: remark === null ? [] : [remark] }
}

/** A mean that is not between the two is left out, with a remark: it takes nothing from the pressures themselves. */
export function judgePressure(
  definition: SensorDefinition,
  part: PressurePart,
  raw: { systolic: number; diastolic: number; mean?: number; irregularPulse?: boolean },
  unit: string,
): Judgement {
  const convert = part.units[unit]
  if (!convert) return judgeAbsent(definition, 'fault')
  const systolic = round(convert(raw.systolic), 0)
  const diastolic = round(convert(raw.diastolic), 0)
  const mean = raw.mean === undefined ? undefined : round(convert(raw.mean), 0)
  const hasMean = mean !== undefined && mean >= diastolic && mean <= systolic
  const { likely = part } = part
  const isPair = within(systolic, part.systolic) && within(diastolic, part.diastolic) && diastolic < systolic
  const isLikely = within(systolic, likely.systolic) && within(diastolic, likely.diastolic)
  const value = {
    ...{ type: 'bloodPressure' as const, systolic, diastolic },
    ...(hasMean && { mean }),
    ...(raw.irregularPulse !== undefined && { irregularPulse: raw.irregularPulse }),
  }
  const judgement = judged(value, isPair ? (isLikely ? null : 'unlikely') : 'out-of-range')
  if (mean === undefined || hasMean) return judgement
  return { ...judgement, remarks: [...judgement.remarks, 'mean-out-of-range'] }
}

const within = (value: number, { low, high }: Range) => value >= low && value <= high

export function round(value: number, decimals: number): number {
  const power = 10 ** decimals
  return Math.round(value * power) / power
}
