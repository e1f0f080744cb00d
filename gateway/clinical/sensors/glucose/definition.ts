import { identity, PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** mg/dL in one mmol/L of glucose (molar mass 180.16 g/mol). */
export const MG_DL_PER_MMOL_L = 18.016

/** Capillary blood glucose from the meter's memory or an MQTT meter; always recorded in mg/dL. */
export const glucose: SensorDefinition = {
  kind: 'glucose',
  label: 'Blood glucose',
  short: 'Glucose',
  order: 60,
  icon: 'M8.5 3.5h7v17h-7zM10.5 6.5h3v4h-3zM12 14v3',
  digits: 0,
  example: { value: 5.6, unit: 'mmol/L' },
  kitLines: ['U'],
  silentAfterMs: null,
  staleAfterMs: 12 * 3_600_000,
  // Who is measured every day has missed one. Project default, not verified.
  trustedWithinMs: 36 * 3_600_000,
  inhibits: [],
  aroundAlarms: true,
  fromMemory: true,
  entered: 'glucose',
  trended: [{ number: 'glucose', label: 'glucose', unit: 'mg/dL', leastSpread: 5 }],
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'bloodGlucose',
    units: { 'mg/dL': identity, 'mmol/L': (mmol) => mmol * MG_DL_PER_MMOL_L },
    // Home meters measure 10 to 600 mg/dL.
    possible: { low: 10, high: 600 },
    // LO and HI as numbers: meters send the next one outside (9, 601); a laboratory's analyser has numbers up to about 2000.
    // 0 to 8 are sensors' error codes, and so are 2046 to 2050 (IEEE 11073 SFLOAT), 9999 and 65535.
    beyond: { low: 9, high: 2000 },
    decimals: 1,
    keep: { everyMs: 0, change: 0 },
  },
}
