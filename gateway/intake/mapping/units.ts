/**
 * How others write units, and the UCUM code (https://ucum.org) of each. A unit that is not here is not guessed.
 * Sources of the spellings: Home Assistant's and ESPHome's `unit_of_measurement`, Tasmota's `TempUnit`, UCUM itself.
 */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  Cel: ['Cel', '°C', 'C', '℃', 'degC', 'Celsius'],
  '[degF]': ['[degF]', '°F', 'F', '℉', 'degF', 'Fahrenheit'],
  // Rates of heart and breath; the sensor says which of them.
  '/min': ['/min', '1/min', 'min-1', 'bpm', 'beats/min', 'br/min', 'breaths/min', 'brpm'],
  '%': ['%', '%SpO2', 'percent'],
  'mm[Hg]': ['mm[Hg]', 'mmHg', 'mm Hg'],
  kPa: ['kPa'],
  'mg/dL': ['mg/dL', 'mgdl'],
  'mmol/L': ['mmol/L'],
  // Both the micro sign (U+00B5) and the Greek mu (U+03BC) are written.
  uS: ['uS', '\u00b5S', '\u03bcS', 'microsiemens'],
}

const BY_SPELLING: ReadonlyMap<string, string> = new Map(
  Object.entries(SPELLINGS).flatMap(([ucum, spellings]) =>
    spellings.map((text) => [text.toLowerCase(), ucum] as const),
  ),
)

/** The UCUM code, or null. Capitals do not matter: no two of these units differ only by them. */
export function ucumOf(text: string): string | null {
  return BY_SPELLING.get(text.trim().toLowerCase()) ?? null
}

export const UNIT_SPELLINGS = SPELLINGS
