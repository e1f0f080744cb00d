import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import { unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'

/**
 * How others write units beside the UCUM code (https://ucum.org) itself. A unit that is not known is not guessed.
 * Sources of the spellings: Home Assistant's and ESPHome's `unit_of_measurement`, Tasmota's `TempUnit`.
 */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  Cel: ['°C', 'C', '℃', 'degC', 'Celsius'],
  '[degF]': ['°F', 'F', '℉', 'degF', 'Fahrenheit'],
  // Rates of heart and breath; the sensor says which of them.
  '/min': ['1/min', 'min-1', 'bpm', 'beats/min', 'br/min', 'breaths/min', 'brpm'],
  '%': ['%SpO2', 'percent'],
  'mm[Hg]': ['mmHg', 'mm Hg'],
  'mg/dL': ['mgdl'],
  '[lb_av]': ['lb', 'lbs', 'pound', 'pounds'],
  // Both the micro sign (U+00B5) and the Greek mu (U+03BC) are written.
  uS: ['\u00b5S', '\u03bcS', 'microsiemens'],
}

/** Every unit that a device may give, with all its spellings. */
export const UNIT_SPELLINGS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  SENSORS.flatMap(unitsOf).map((ucum) => [ucum, [ucum, ...(SPELLINGS[ucum] ?? [])]]),
)

const BY_SPELLING: ReadonlyMap<string, string> = new Map(
  Object.entries(UNIT_SPELLINGS).flatMap(([ucum, spellings]) =>
    spellings.map((text) => [text.toLowerCase(), ucum] as const),
  ),
)

/** The UCUM code, or null. Capitals do not matter: no two of these units differ only by them. */
export function ucumOf(text: string): string | null {
  return BY_SPELLING.get(text.trim().toLowerCase()) ?? null
}
