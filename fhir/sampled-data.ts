/**
 * R4 SampledData, kept in one place because R5 replaces `period` by `interval` and `intervalUnit`.
 * physical = origin + factor · sample; `period` in milliseconds; a lost sample is `E`.
 */
import type { SampledData } from '@medplum/fhirtypes'
import type { MeasurementValue } from './measurement.js'
import { UCUM } from './systems.js'

export type Waveform = Extract<MeasurementValue, { type: 'waveform' }>

/**
 * R4 SampledData: `period` in ms, `origin` in `unit` (UCUM), one dimension.
 * @returns null when there is no sample, or the scale is not a scale: FHIR has no empty SampledData
 */
export function sampledData(waveform: Waveform, unit: string): SampledData | null {
  const { periodMs, origin, factor, lowerLimit, upperLimit, samples } = waveform
  if (samples.length === 0 || !(periodMs > 0) || ![periodMs, origin, factor].every(Number.isFinite)) return null
  return {
    origin: { value: origin, unit, system: UCUM, code: unit },
    period: periodMs,
    factor,
    ...(Number.isFinite(lowerLimit) ? { lowerLimit } : {}),
    ...(Number.isFinite(upperLimit) ? { upperLimit } : {}),
    dimensions: 1,
    data: samples.map((sample) => (sample === null || !Number.isFinite(sample) ? 'E' : decimal(sample))).join(' '),
  }
}

/** Reads SampledData back; a sample is `null` for `E`, `U` and `L`, which hold no value. @throws TypeError on any other word */
export function waveformOf(data: SampledData): Waveform {
  const samples = (data.data ?? '').split(' ').map((word) => {
    if (word === 'E' || word === 'U' || word === 'L') return null
    const sample = Number(word)
    if (word === '' || !Number.isFinite(sample)) throw new TypeError('SampledData.data holds a word that is no decimal')
    return sample
  })
  return {
    type: 'waveform',
    periodMs: data.period,
    origin: data.origin.value ?? 0,
    factor: data.factor ?? 1,
    lowerLimit: data.lowerLimit ?? Number.NEGATIVE_INFINITY,
    upperLimit: data.upperLimit ?? Number.POSITIVE_INFINITY,
    samples,
    ...(data.origin.code ? { unit: data.origin.code } : {}),
  }
}

/** Epoch ms at which the last sample's period ends. */
export function waveformEnd(at: number, waveform: Waveform): number {
  return Math.round(at + waveform.samples.length * waveform.periodMs)
}

/** FHIR's decimals in `data` have no exponent. */
function decimal(sample: number): string {
  const text = String(sample + 0)
  return text.includes('e') ? sample.toFixed(20).replace(/\.?0+$/, '') : text
}
