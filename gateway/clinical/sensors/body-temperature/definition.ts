import {
  ADC_FULL_SCALE,
  type Calibration,
  identity,
  PROBE_ABSENT,
  type SensorDefinition,
} from '#gateway/clinical/sensors/sensor-definition.js'

/**
 * Thermistor in a Wheatstone bridge, amplified five times. The resistances differ from shield to shield: these are the
 * nominal, configurable defaults. Why the shield's formula takes 3.3 V where the converter's reference is 5 V is
 * documented nowhere; with it the published check values come out right.
 */
export const BRIDGE = {
  formulaVolts: 3.3,
  amplification: 5,
  referenceVolts: 3.0,
  ra: 4700,
  rb: 821,
  rc: 4700,
} as const

/** T = ln(R/a) / ln(b), by the lowest resistance the row holds for, ohm. */
const THERMISTOR = [
  { from: 1822.8, a: 6638.20457, b: 0.95768 },
  { from: 1477.1, a: 6403.49306, b: 0.95883 },
  { from: 1204.8, a: 6118.0162, b: 0.96008 },
  { from: 988.1, a: 5859.06368, b: 0.96112 },
  { from: 0, a: 5575.94572, b: 0.96218 },
] as const

/** A converter this near to a rail means a broken or shorted probe. */
const RAIL = { low: 5, high: 1015 } as const
/** Below this a probe hangs in the room; no skin is so cold. Cel. */
const OFF_SKIN_BELOW = 27.5

/** ADC counts → Cel; higher counts are colder, about 0.03 Cel a count; usable from 20.4 to 49.7 Cel. */
export function temperatureFromCounts(counts: number, bridge: { [K in keyof typeof BRIDGE]: number } = BRIDGE): number {
  const volts = (counts * bridge.formulaVolts) / ADC_FULL_SCALE / bridge.amplification
  const ratio = volts / bridge.referenceVolts + bridge.rb / (bridge.rb + bridge.ra)
  const resistance = (bridge.rc * ratio) / (1 - ratio)
  const row = THERMISTOR.find((r) => resistance >= r.from) ?? THERMISTOR[4]
  return Math.log(resistance / row.a) / Math.log(row.b)
}

/** This kit's bridge: `temp-vref` in mV, `temp-ra`, `temp-rb` and `temp-rc` in ohm. */
function bridgeOf(calibration: Calibration): { [K in keyof typeof BRIDGE]: number } {
  const millivolts = calibration.get('temp-vref')
  return {
    ...BRIDGE,
    referenceVolts: millivolts === undefined ? BRIDGE.referenceVolts : millivolts / 1000,
    ra: calibration.get('temp-ra') ?? BRIDGE.ra,
    rb: calibration.get('temp-rb') ?? BRIDGE.rb,
    rc: calibration.get('temp-rc') ?? BRIDGE.rc,
  }
}

export const bodyTemperature: SensorDefinition = {
  kind: 'bodyTemperature',
  label: 'Temperature',
  short: 'Temperature',
  order: 50,
  icon: 'M14.5 13.8V5.5a2.5 2.5 0 0 0-5 0v8.3a4.5 4.5 0 1 0 5 0ZM12 9v8.5',
  digits: 1,
  example: { value: 36.6, unit: 'Cel' },
  kitLines: ['T'],
  silentAfterMs: 30_000,
  staleAfterMs: 60_000,
  // Project default, not verified: NEWS2 asks for it every 12 hours at the least.
  trustedWithinMs: 60 * 60_000,
  inhibits: ['bodyTemperature'],
  aroundAlarms: true,
  entered: 'temperature',
  trended: [{ number: 'temperature', label: 'temperature', unit: '°C', leastSpread: 0.2 }],
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'bodyTemperature',
    units: {
      counts: (counts, calibration) => temperatureFromCounts(counts, bridgeOf(calibration)),
      Cel: identity,
      '[degF]': (fahrenheit) => ((fahrenheit - 32) * 5) / 9,
    },
    // Below 24 °C nobody shows a sign of life (Swiss staging of hypothermia, HT IV); the highest survived was 46.5 °C. A probe
    // that hangs in a room is colder; −127 and 85 °C are a thermometer's error codes.
    possible: { low: 24, high: 46.5 },
    likely: { low: 28, high: 44 },
    probe: (celsius, raw, unit) => {
      if (unit !== 'counts') return 'ok'
      if (raw < RAIL.low || raw > RAIL.high) return 'fault'
      return celsius < OFF_SKIN_BELOW ? 'off' : 'ok'
    },
    decimals: 2,
    keep: { everyMs: 5000, change: 0.1 },
    // Project default, not verified: no fever rises faster without a chill.
    steep: { change: 0.7, withinMs: 1_200_000 },
  },
}
