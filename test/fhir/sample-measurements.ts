import type { Measurement, MeasurementValue, Observable } from '#fhir/measurement.js'
import { OBSERVABLES } from '#fhir/measurement.js'
import { TERMINOLOGY } from '#fhir/terminology.js'

export const context = { patient: 'quiet-heron', home: 'home-1' }

const AT = Date.UTC(2026, 0, 2, 8, 30, 15, 123)

const waveform = (periodMs: number, unit?: string): MeasurementValue => ({
  type: 'waveform',
  periodMs,
  origin: 0,
  factor: 5 / 1023,
  lowerLimit: 0,
  upperLimit: 1023,
  samples: [512, 513, null, 0, 1023],
  ...(unit === undefined ? {} : { unit }),
})

export const VALUE_OF: Readonly<Record<Observable, MeasurementValue>> = {
  pulseRate: { type: 'quantity', value: 72 },
  oxygenSaturation: { type: 'quantity', value: 97 },
  airflowWaveform: waveform(40),
  respiratoryRate: { type: 'quantity', value: 15.5 },
  bodyTemperature: { type: 'quantity', value: 36.62 },
  ecgWaveform: waveform(4),
  heartRate: { type: 'quantity', value: 71 },
  bloodGlucose: { type: 'quantity', value: 101 },
  skinConductance: { type: 'quantity', value: 2.345 },
  skinConductanceLevel: { type: 'quantity', value: 2.34 },
  bloodPressure: { type: 'bloodPressure', systolic: 128, diastolic: 79 },
  bodyPosition: { type: 'position', position: 'supine' },
  emgWaveform: waveform(4),
  emgEnvelope: { type: 'quantity', value: 48.9 },
  bodyWeight: { type: 'quantity', value: 71.4 },
}

export function sample(observable: Observable, changes: Partial<Measurement> = {}): Measurement {
  return {
    identifier: `kit-1-quiet-heron-${observable}-${AT}`,
    sensor: TERMINOLOGY[observable].sensor,
    observable,
    deviceId: 'kit-1',
    at: AT,
    value: VALUE_OF[observable],
    quality: 'good',
    remarks: [],
    ...changes,
  }
}

/** One of every Observable, as it comes in each shape: with a value, without, questionable, averaged, every position. */
export function everyVariant(): Measurement[] {
  const variants = OBSERVABLES.flatMap((observable) => [
    sample(observable),
    sample(observable, {
      value: { type: 'absent', reason: 'temp-unknown' },
      quality: 'missing',
      remarks: ['probe-off'],
    }),
    sample(observable, {
      quality: 'questionable',
      remarks: ['device-clock-unverified', 'noisy'],
      deviceTime: '2026-01-02T09:30',
      deviceId: `mqtt-${observable.toLowerCase()}`,
      until: AT + 10_000,
    }),
  ])
  const positions = (['supine', 'prone', 'left-lateral', 'right-lateral', 'upright', 'undefined'] as const).map(
    (position) => sample('bodyPosition', { value: { type: 'position', position } }),
  )
  const calibrated = sample('ecgWaveform', { value: waveform(1000 / 360, 'mV') })
  const pulseOf = (['bloodPressure', 'ecg', 'spo2'] as const).map((sensor) => sample('pulseRate', { sensor }))
  const implausible = sample('oxygenSaturation', { value: { type: 'quantity', value: 130 }, quality: 'implausible' })
  return [...variants, ...positions, calibrated, ...pulseOf, implausible].map((measurement, index) => ({
    ...measurement,
    identifier: `${measurement.identifier}-${index}`,
  }))
}
