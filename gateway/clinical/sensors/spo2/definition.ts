import { identity, JUMP, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** Oxygen saturation, %. The display has two digits, so the kit never gives 100; an MQTT device may. */
export const spo2: SensorDefinition = {
  kind: 'spo2',
  label: 'Oxygen (SpO₂)',
  short: 'Oxygen',
  order: 20,
  icon: 'M12 3.5s6 6.3 6 10.7a6 6 0 0 1-12 0C6 9.8 12 3.5 12 3.5ZM12 17.5a3 3 0 0 0 3-3',
  digits: 0,
  example: { value: 97, unit: '%' },
  kitLines: ['O'],
  silentAfterMs: 30_000,
  staleAfterMs: 30_000,
  // Project default, not verified, as all of these clocks.
  trustedWithinMs: 30 * 60_000,
  inhibits: ['oxygenSaturation'],
  aroundAlarms: true,
  entered: 'spo2',
  chart: { leastSpan: 6 },
  trended: [{ number: 'oxygenSaturation', label: 'oxygen saturation', unit: '%', leastSpread: 1 }],
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'oxygenSaturation',
    units: { '%': identity },
    // Oximeters show whole per cents down to 0, which many send for "no finger"; 127 and 255 are error codes.
    possible: { low: 1, high: 100 },
    // What finger oximeters usually show.
    likely: { low: 35, high: 100 },
    decimals: 0,
    keep: { everyMs: 5000, change: 1 },
    jump: { change: 10, ...JUMP },
    // A fall of 3 % is a desaturation in sleep medicine (AASM); the time is the project's own.
    steep: { change: 3, withinMs: 180_000 },
  },
}
