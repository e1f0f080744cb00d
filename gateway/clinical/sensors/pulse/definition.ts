import { identity, JUMP, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** Pulse as the oximeter's display shows it, /min; also the cuff's and what an MQTT device sends. */
export const pulse: SensorDefinition = {
  kind: 'pulse',
  label: 'Pulse',
  short: 'Pulse',
  order: 10,
  icon: 'M12 20s-7-4.4-7-9.6A4 4 0 0 1 12 7.6a4 4 0 0 1 7 2.8C19 15.6 12 20 12 20Z',
  digits: 0,
  example: { value: 72, unit: '/min' },
  kitLines: ['O', 'P'],
  silentAfterMs: 30_000,
  staleAfterMs: 30_000,
  // Project default, not verified, as all of these clocks.
  trustedWithinMs: 30 * 60_000,
  inhibits: ['pulseRate'],
  aroundAlarms: true,
  entered: 'pulse',
  chart: { leastSpan: 20 },
  trended: [{ number: 'pulse', label: 'pulse', unit: '/min', leastSpread: 2 }],
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'pulseRate',
    units: { '/min': identity },
    // The widest range that finger oximeters state is 18 to 321 /min, the usual one 25 to 250. 0, 255 and 511 are error codes.
    possible: { low: 18, high: 321 },
    likely: { low: 25, high: 250 },
    decimals: 0,
    keep: { everyMs: 5000, change: 1 },
    jump: { change: 30, ...JUMP },
    // Project default, not verified: more than getting up does.
    steep: { change: 25, withinMs: 60_000 },
  },
}
