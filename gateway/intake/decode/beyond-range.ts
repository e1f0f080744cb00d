/** How devices say that a number is less, or more, than they can show: HI and LO, or a comparator before a bound. */
import type { SensorKind } from '#fhir/measurement.js'
import { TERMINOLOGY } from '#fhir/terminology.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { ReadingValue } from '#gateway/model/reading.js'

type Beyond = Pick<Extract<ReadingValue, { type: 'number' }>, 'value' | 'unit' | 'comparator'>

const WORDS = new Map<string, '<' | '>'>([
  ...(['hi', 'high', 'over', 'above range'] as const).map((word) => [word, '>'] as const),
  ...(['lo', 'low', 'under', 'below range'] as const).map((word) => [word, '<'] as const),
])
const BOUND = /^([<>])=?\s*([+-]?\d{1,15}(?:\.\d{1,15})?)$/

/**
 * HI and LO become the end of the sensor's range, in the observable's own unit; a bound (`>600`) stays in the device's.
 * @param scaled a bound as the mapping scales numbers
 * @returns null where the text says nothing of the kind, or the sensor has no number
 */
export function beyondRange(
  text: string,
  sensor: SensorKind,
  unit: string,
  scaled: (bound: number) => number = (bound) => bound,
): Beyond | null {
  const { quantity } = sensorDefinitions[sensor]
  if (!quantity) return null
  const word = WORDS.get(text.toLowerCase())
  if (word) {
    const { low, high } = quantity.possible
    return {
      value: word === '>' ? high : low,
      unit: TERMINOLOGY[quantity.observable].unit ?? unit,
      comparator: word,
    }
  }
  const [, comparator, bound] = BOUND.exec(text) ?? []
  return bound === undefined ? null : { value: scaled(Number(bound)), unit, comparator: comparator as '<' | '>' }
}
