import { identity, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** Oxygen saturation, %. The display has two digits, so the kit never gives 100; an MQTT device may. */
export const spo2: SensorDefinition = {
  kind: 'spo2',
  label: 'Oxygen saturation',
  kitLines: ['O'],
  outputs: [{ observable: 'oxygenSaturation', dataClass: 'vital-signs', unit: '%' }],
  silentAfterMs: 30_000,
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'oxygenSaturation',
    units: { '%': identity },
    // Finger oximeters show 35 to 100 %.
    plausible: { low: 35, high: 100 },
    decimals: 0,
    keep: { everyMs: 5000, change: 1 },
  },
}
