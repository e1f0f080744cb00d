import {
  ADC_FULL_SCALE,
  ADC_REFERENCE_VOLTS,
  identity,
  PROBE_ABSENT,
  type SensorDefinition,
} from '#gateway/clinical/sensors/sensor-definition.js'

/** Offset of the shield's amplifier, V: nominal, calibratable. */
export const GSR_OFFSET_VOLTS = 0.5
/** µS per volt above the offset. */
export const GSR_MICROSIEMENS_PER_VOLT = 20
/** At or below this the electrodes are off, µS. */
const OFF_AT_OR_BELOW = 1

/** ADC counts → µS. */
export function conductanceFromCounts(counts: number, offsetVolts: number = GSR_OFFSET_VOLTS): number {
  return GSR_MICROSIEMENS_PER_VOLT * ((counts * ADC_REFERENCE_VOLTS) / ADC_FULL_SCALE - offsetVolts)
}

/** Skin conductance. A trend, never a limit. */
export const gsr = {
  kind: 'gsr',
  label: 'Skin conductance',
  short: 'Skin',
  order: 100,
  icon: 'M7 11V6.5a1.5 1.5 0 0 1 3 0V11V5a1.5 1.5 0 0 1 3 0v6V6a1.5 1.5 0 0 1 3 0v7l1.2-1.5a1.6 1.6 0 0 1 2.5 2L16 19a5 5 0 0 1-4 2h-1a4 4 0 0 1-4-4Z',
  digits: 1,
  example: { value: 4.2, unit: 'uS' },
  kitLines: ['G'],
  silentAfterMs: 30_000,
  staleAfterMs: 60_000,
  inhibits: [],
  absent: PROBE_ABSENT,
  quantity: {
    observable: 'skinConductance',
    units: {
      counts: (counts, calibration) =>
        conductanceFromCounts(counts, (calibration.get('skin-zero') ?? 1000 * GSR_OFFSET_VOLTS) / 1000),
      uS: identity,
    },
    // The converter ends at 90 µS.
    possible: { low: 0, high: 90 },
    probe: (microsiemens, _raw, unit) => (unit === 'counts' && microsiemens <= OFF_AT_OR_BELOW ? 'off' : 'ok'),
    decimals: 2,
    keep: { everyMs: 5000, change: Number.POSITIVE_INFINITY },
  },
  // The trend: one median a minute.
  derived: {
    observable: 'skinConductanceLevel',
    units: { uS: identity },
    possible: { low: 0, high: 90 },
    decimals: 2,
    keep: { everyMs: 0, change: 0 },
  },
} satisfies SensorDefinition
