import { LEAD_ABSENT, type SensorDefinition, SHIELD_VOLTS } from '../sensor-definition.js'

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
    scale: SHIELD_VOLTS,
    chunkMs: 10_000,
    rails: { low: 2, high: 1021 },
  },
}
