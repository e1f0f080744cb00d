import { ADC_FULL_SCALE, ADC_REFERENCE_VOLTS, LEAD_ABSENT, type SensorDefinition } from '../sensor-definition.js'

/** Muscle activity on the ECG's input (a jumper chooses), volts at the shield's output. A trend, never a limit. */
export const emg: SensorDefinition = {
  kind: 'emg',
  label: 'EMG',
  kitLines: ['M'],
  outputs: [{ observable: 'emgWaveform', dataClass: 'waveform', unit: 'V' }],
  silentAfterMs: 30_000,
  absent: LEAD_ABSENT,
  waveform: {
    observable: 'emgWaveform',
    scale: {
      origin: 0,
      factor: ADC_REFERENCE_VOLTS / ADC_FULL_SCALE,
      lowerLimit: 0,
      upperLimit: ADC_FULL_SCALE,
      unit: 'V',
    },
    chunkMs: 10_000,
    rails: { low: 2, high: 1021 },
  },
}
