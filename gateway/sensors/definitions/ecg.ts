import { LEAD_ABSENT, type SensorDefinition, SHIELD_VOLTS } from '../sensor-definition.js'

/**
 * One lead, as volts at the shield's output: analogue gain and bandwidth are documented nowhere, so never body-surface
 * millivolts. A source that knows its scale (a calibrated recording) brings its own, in mV.
 */
export const ecg: SensorDefinition = {
  kind: 'ecg',
  label: 'ECG',
  kitLines: ['E'],
  outputs: [{ observable: 'ecgWaveform', dataClass: 'waveform', unit: 'V' }],
  silentAfterMs: 30_000,
  absent: LEAD_ABSENT,
  waveform: {
    observable: 'ecgWaveform',
    scale: SHIELD_VOLTS,
    chunkMs: 10_000,
    // There is no lead-off pin: an open input drifts to a rail, a shorted one is flat.
    rails: { low: 2, high: 1021 },
    flatAfterMs: 4000,
  },
}
