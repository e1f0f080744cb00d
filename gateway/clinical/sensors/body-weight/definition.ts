import { identity, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** kg in one avoirdupois pound (exact: international yard and pound agreement, 1959). */
const KG_PER_POUND = 0.45359237

/**
 * A personal scale, over MQTT or read off by hand; always recorded in kg. One value when somebody stands on it: no silence,
 * no default limit, a trend by days.
 */
export const bodyWeight: SensorDefinition = {
  kind: 'bodyWeight',
  label: 'Body weight',
  short: 'Weight',
  order: 70,
  icon: 'M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.5ZM7.5 11a4.5 4.5 0 0 1 9 0ZM12 11l1.5-2.5',
  digits: 1,
  // Who is weighed each morning has missed a day.
  staleAfterMs: 36 * 3_600_000,
  aroundAlarms: true,
  trended: [
    {
      number: 'weight',
      label: 'weight',
      unit: 'kg',
      // Twice this is unusual. 2021 ESC guideline on heart failure: watch for more than 2 kg in three days.
      leastSpread: 1,
      daily: true,
    },
  ],
  example: { value: 71.4, unit: 'kg' },
  entered: 'weight',
  kitLines: [],
  silentAfterMs: null,
  inhibits: [],
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'bodyWeight',
    units: { kg: identity, '[lb_av]': (pounds) => pounds * KG_PER_POUND },
    // Project default, not verified: less is no adult (a bag, a pet, one foot), more is beyond the scales that homes have.
    possible: { low: 20, high: 300 },
    decimals: 2,
    keep: { everyMs: 0, change: 0 },
  },
}
