import {
  ADC_FULL_SCALE,
  identity,
  PROBE_ABSENT,
  type SensorDefinition,
} from '#gateway/clinical/sensors/sensor-definition.js'

/**
 * Nasal thermocouple. Gain and offset of the shield are documented nowhere, so the waveform is a dimensionless fraction
 * of the converter's full scale; the respiratory rate is counted from it (`gateway/clinical/signals/breathing`).
 */
export const airflow = {
  kind: 'airflow',
  label: 'Airflow',
  kitLines: ['A'],
  outputs: [
    { observable: 'airflowWaveform', dataClass: 'waveform', unit: '1' },
    { observable: 'respiratoryRate', dataClass: 'vital-signs', unit: '/min' },
  ],
  silentAfterMs: 30_000,
  absent: PROBE_ABSENT,
  waveform: {
    observable: 'airflowWaveform',
    scale: { origin: 0, factor: 1 / ADC_FULL_SCALE, lowerLimit: 0, upperLimit: ADC_FULL_SCALE, unit: '1' },
    // From 0, so that it is never −0.
    originOf: (calibration) => 0 - (calibration.get('airflow-zero') ?? 0) / ADC_FULL_SCALE,
    chunkMs: 10_000,
  },
  quantity: {
    observable: 'respiratoryRate',
    units: { '/min': identity },
    plausible: { low: 3, high: 80 },
    decimals: 1,
    // Each rate is an average over about 20 s already.
    keep: { everyMs: 5000, change: Number.POSITIVE_INFINITY },
  },
} satisfies SensorDefinition
