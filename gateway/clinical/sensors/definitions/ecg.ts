import {
  identity,
  LEAD_ABSENT,
  type SensorDefinition,
  SHIELD_VOLTS,
} from '#gateway/clinical/sensors/sensor-definition.js'

/**
 * One lead, as volts at the shield's output: analogue gain and bandwidth are documented nowhere, so never body-surface
 * millivolts. A source that knows its scale (a calibrated recording) brings its own, in mV.
 */
export const ecg = {
  kind: 'ecg',
  label: 'ECG',
  kitLines: ['E'],
  outputs: [
    { observable: 'ecgWaveform', dataClass: 'waveform', unit: 'V' },
    { observable: 'heartRate', dataClass: 'vital-signs', unit: '/min' },
  ],
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
  derived: {
    observable: 'heartRate',
    units: { '/min': identity },
    // What the beat detector can tell from noise.
    plausible: { low: 15, high: 300 },
    decimals: 0,
    keep: { everyMs: 5000, change: 1 },
  },
} satisfies SensorDefinition
