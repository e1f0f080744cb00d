import { identity, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** mm[Hg] in one kPa. */
const MMHG_PER_KPA = 7.50062

/** Upper-arm cuff, from its memory or over MQTT; always recorded in mm[Hg]. */
export const bloodPressure: SensorDefinition = {
  kind: 'bloodPressure',
  label: 'Blood pressure',
  kitLines: ['P'],
  outputs: [{ observable: 'bloodPressure', dataClass: 'vital-signs', unit: 'mm[Hg]' }],
  silentAfterMs: null,
  absent: PROBE_ABSENT,
  pressure: {
    observable: 'bloodPressure',
    units: { 'mm[Hg]': identity, kPa: (kpa) => kpa * MMHG_PER_KPA },
    // Ranges of oscillometric cuffs.
    systolic: { low: 50, high: 285 },
    diastolic: { low: 20, high: 220 },
  },
}
