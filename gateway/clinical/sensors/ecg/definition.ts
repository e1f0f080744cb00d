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
  short: 'ECG',
  order: 80,
  icon: 'M2.5 12.5h5l2-5.5 4 11 2.8-8 1.2 2.5h4',
  digits: 0,
  example: null,
  kitLines: ['E'],
  silentAfterMs: 30_000,
  staleAfterMs: 30_000,
  inhibits: ['pulseRate'],
  absent: LEAD_ABSENT,
  waveform: {
    observable: 'ecgWaveform',
    scale: SHIELD_VOLTS,
    chunkMs: 10_000,
    // A usual R wave is about 1 mV, and about 1 V at the shield's output. A low one is still half a panel's height.
    trace: { order: 1, always: true, leastSpan: { V: 1, mV: 1, uV: 1000 } },
    // There is no lead-off pin: an open input drifts to a rail, a shorted one is flat.
    rails: { low: 2, high: 1021 },
    flatAfterMs: 4000,
  },
  derived: {
    observable: 'heartRate',
    units: { '/min': identity },
    // What the beat detector can tell from noise.
    possible: { low: 15, high: 300 },
    decimals: 0,
    keep: { everyMs: 5000, change: 1 },
  },
} satisfies SensorDefinition
