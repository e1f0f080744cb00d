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
  label: 'Breathing',
  short: 'Breathing',
  order: 30,
  icon: 'M3 9h10.5a2.5 2.5 0 1 0-2.4-3.2M3 13h15a2.8 2.8 0 1 1-2.7 3.5M3 17h7.5a2 2 0 1 1-1.9 2.6',
  digits: 0,
  example: { value: 15.5, unit: '/min' },
  kitLines: ['A'],
  silentAfterMs: 30_000,
  staleAfterMs: 60_000,
  // Project default, not verified, as all of these clocks.
  trustedWithinMs: 30 * 60_000,
  inhibits: ['respiratoryRate'],
  aroundAlarms: true,
  entered: 'respiration',
  chart: { leastSpan: 8 },
  trended: [{ number: 'respiration', label: 'respiration', unit: '/min', leastSpread: 1 }],
  absent: PROBE_ABSENT,
  waveform: {
    observable: 'airflowWaveform',
    scale: { origin: 0, factor: 1 / ADC_FULL_SCALE, lowerLimit: 0, upperLimit: ADC_FULL_SCALE, unit: '1' },
    // From 0, so that it is never −0.
    originOf: (calibration) => 0 - (calibration.get('airflow-zero') ?? 0) / ADC_FULL_SCALE,
    chunkMs: 10_000,
    // The least breath that is counted is an eighth of it, the converter's noise a thirtieth.
    trace: { order: 2, always: true, leastSpan: { '1': 0.1, V: 0.5 } },
  },
  quantity: {
    observable: 'respiratoryRate',
    units: { '/min': identity },
    // Respiration monitors show up to 150 /min; 0 is what many write without a signal. That breathing stops has a limit of its own.
    possible: { low: 1, high: 150 },
    likely: { low: 3, high: 80 },
    decimals: 1,
    // Each rate is an average over about 20 s already.
    keep: { everyMs: 5000, change: Number.POSITIVE_INFINITY },
  },
} satisfies SensorDefinition
