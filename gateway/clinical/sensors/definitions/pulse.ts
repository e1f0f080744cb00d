import { identity, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** Pulse as the oximeter's display shows it, /min; also the cuff's and what an MQTT device sends. */
export const pulse: SensorDefinition = {
  kind: 'pulse',
  label: 'Pulse',
  kitLines: ['O', 'P'],
  outputs: [{ observable: 'pulseRate', dataClass: 'vital-signs', unit: '/min' }],
  silentAfterMs: 30_000,
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'pulseRate',
    units: { '/min': identity },
    // Finger oximeters show 25 to 250 /min.
    plausible: { low: 25, high: 250 },
    decimals: 0,
    keep: { everyMs: 5000, change: 1 },
  },
}
