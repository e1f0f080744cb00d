import { identity, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** mm[Hg] in one kPa. */
const MMHG_PER_KPA = 7.50062

/** Upper-arm cuff, from its memory or over MQTT; always recorded in mm[Hg]. */
export const bloodPressure: SensorDefinition = {
  kind: 'bloodPressure',
  label: 'Blood pressure',
  short: 'Pressure',
  order: 40,
  icon: 'M4.5 15.5a8 8 0 1 1 15 0M12 14l3.5-4.5M8 19.5h8',
  digits: 0,
  example: { systolic: 128, diastolic: 79, pulse: 72, unit: 'mm[Hg]' },
  kitLines: ['P'],
  silentAfterMs: null,
  staleAfterMs: 12 * 3_600_000,
  // Who is measured every day has missed one. Project default, not verified.
  trustedWithinMs: 36 * 3_600_000,
  inhibits: [],
  aroundAlarms: true,
  fromMemory: true,
  trended: [
    { number: 'systolic', label: 'systolic pressure', unit: 'mmHg', leastSpread: 5 },
    { number: 'diastolic', label: 'diastolic pressure', unit: 'mmHg', leastSpread: 5 },
  ],
  absent: PROBE_ABSENT,
  pressure: {
    observable: 'bloodPressure',
    units: { 'mm[Hg]': identity, kPa: (kpa) => kpa * MMHG_PER_KPA },
    // A cuff's own scale ends at 300 mmHg; 0 and 255 are error codes (255/255 is no pair).
    systolic: { low: 30, high: 300 },
    diastolic: { low: 10, high: 250 },
    // What oscillometric cuffs state.
    likely: { systolic: { low: 50, high: 285 }, diastolic: { low: 20, high: 220 } },
  },
}
