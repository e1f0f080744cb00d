import {
  identity,
  LEAD_ABSENT,
  type SensorDefinition,
  SHIELD_VOLTS,
} from '#gateway/clinical/sensors/sensor-definition.js'

/** Muscle activity on the ECG's input (a jumper chooses), volts at the shield's output. A trend, never a limit. */
export const emg = {
  kind: 'emg',
  label: 'Muscle (EMG)',
  short: 'EMG',
  order: 110,
  icon: 'M3 12h2.5l1-3 1.5 7 1.5-9 1.5 10 1.5-12 1.5 12 1.5-8 1.5 5 1-2H21',
  digits: 0,
  example: null,
  kitLines: ['M'],
  silentAfterMs: 30_000,
  staleAfterMs: 24 * 3_600_000,
  inhibits: [],
  absent: LEAD_ABSENT,
  waveform: {
    observable: 'emgWaveform',
    scale: SHIELD_VOLTS,
    chunkMs: 10_000,
    // A muscle at rest gives some hundredths of a volt.
    trace: { order: 3, leastSpan: { V: 0.5, mV: 1, uV: 1000 } },
    rails: { low: 2, high: 1021 },
  },
  derived: {
    observable: 'emgEnvelope',
    units: { mV: identity, V: (volts) => 1000 * volts },
    // Half of the converter's range: a sine from rail to rail has less.
    possible: { low: 0, high: 2500 },
    decimals: 1,
    keep: { everyMs: 10_000, change: 100 },
  },
} satisfies SensorDefinition
