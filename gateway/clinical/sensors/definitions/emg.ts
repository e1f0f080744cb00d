import {
  identity,
  LEAD_ABSENT,
  type SensorDefinition,
  SHIELD_VOLTS,
} from '#gateway/clinical/sensors/sensor-definition.js'

/** Muscle activity on the ECG's input (a jumper chooses), volts at the shield's output. A trend, never a limit. */
export const emg = {
  kind: 'emg',
  label: 'EMG',
  kitLines: ['M'],
  outputs: [
    { observable: 'emgWaveform', dataClass: 'waveform', unit: 'V' },
    { observable: 'emgEnvelope', dataClass: 'activity', unit: 'mV' },
  ],
  silentAfterMs: 30_000,
  absent: LEAD_ABSENT,
  waveform: {
    observable: 'emgWaveform',
    scale: SHIELD_VOLTS,
    chunkMs: 10_000,
    rails: { low: 2, high: 1021 },
  },
  derived: {
    observable: 'emgEnvelope',
    units: { mV: identity, V: (volts) => 1000 * volts },
    // Half of the converter's range: a sine from rail to rail has less.
    plausible: { low: 0, high: 2500 },
    decimals: 1,
    keep: { everyMs: 10_000, change: 100 },
  },
} satisfies SensorDefinition
