/**
 * The shield's analogue front ends, inverted: from what the body does to the volts at the converter's pins.
 * The forward formulas are the shield's published ones; these constants are nominal.
 */

/** Converter counts as the shield's formulas use them: 1023 counts are 5 V. */
export const countsToVolts = (counts: number): number => (counts * 5) / 1023

const BRIDGE = { reference: 3.0, ra: 4700, rb: 821, rc: 4700, gain: 5, fullScale: 3.3 } as const
/** Thermistor: R = a · b^T (ohm, degrees Celsius), in pieces from R downwards. */
const THERMISTOR = [
  { from: 1822.8, a: 6638.20457, b: 0.95768 },
  { from: 1477.1, a: 6403.49306, b: 0.95883 },
  { from: 1204.8, a: 6118.0162, b: 0.96008 },
  { from: 988.1, a: 5859.06368, b: 0.96112 },
  { from: 811.7, a: 5575.94572, b: 0.96218 },
] as const

/** Counts (not rounded) of the temperature channel at `celsius`, 20.4–49.7; outside, the nearest rail. */
export function temperatureCounts(celsius: number): number {
  for (const { from, a, b } of THERMISTOR) {
    const resistance = a * b ** celsius
    if (resistance < from) continue
    const x = resistance / (BRIDGE.rc + resistance)
    const volts = BRIDGE.reference * (x - BRIDGE.rb / (BRIDGE.rb + BRIDGE.ra))
    return Math.min(1023, Math.max(0, (volts * BRIDGE.gain * 1023) / BRIDGE.fullScale))
  }
  return 0
}

/** Volts of the skin response channel: conductance µS = 20 · (V − 0.5). */
export const skinVolts = (microsiemens: number): number => 0.5 + microsiemens / 20
