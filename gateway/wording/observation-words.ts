/** What an Observation of anybody's JSON says, on one line: identifier, pseudonym, quantity, value and time. Pure. */

/** Takes any JSON: what is not there, or is of another type, is said to be missing. */
export function observationWords(observation: unknown): string {
  const identifier = at(observation, 'identifier', 0, 'value')
  const patient = at(observation, 'subject', 'identifier', 'value')
  const what = at(observation, 'code', 'text') ?? at(observation, 'code', 'coding', 0, 'display')
  const code = at(observation, 'code', 'coding', 0, 'code')
  const time = at(observation, 'effectiveDateTime') ?? at(observation, 'effectivePeriod', 'start')
  const parts = [
    `Observation ${word(identifier)}`,
    `patient ${word(patient)}`,
    `${word(what)} (${word(code)}) ${valueWords(observation)}`,
    `at ${word(time)}`,
  ]
  return parts.join(', ')
}

function valueWords(observation: unknown): string {
  const components = at(observation, 'component')
  const own = quantityWords(at(observation, 'valueQuantity'))
  if (own) return own
  if (Array.isArray(components) && components.length > 0)
    return components.map((one) => `${word(at(one, 'code', 'coding', 0, 'display'))} ${valueWords(one)}`).join(' and ')
  const flag = at(observation, 'valueBoolean')
  if (typeof flag === 'boolean') return flag ? 'yes' : 'no'
  if (at(observation, 'valueSampledData')) return 'a waveform'
  const coded =
    at(observation, 'valueCodeableConcept', 'text') ?? at(observation, 'valueCodeableConcept', 'coding', 0, 'display')
  if (coded !== undefined) return word(coded)
  const absent = at(observation, 'dataAbsentReason', 'coding', 0, 'code')
  return absent === undefined ? 'without a value' : `without a value (${word(absent)})`
}

function quantityWords(quantity: unknown): string | null {
  const value = at(quantity, 'value')
  if (typeof value !== 'number') return null
  return `${at(quantity, 'comparator') ?? ''}${value} ${word(at(quantity, 'unit') ?? at(quantity, 'code'))}`
}

function at(value: unknown, ...path: (string | number)[]): unknown {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Record<string | number, unknown>)[key]
  }
  return here
}

/** One line, without what steers a terminal. */
function word(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') return '(not said)'
  return String(value)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .slice(0, 200)
}
