import type { Observation, Quantity } from '@medplum/fhirtypes'
import type { Quality } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { EXTENSIONS } from '#fhir/systems.js'
import type { StoredValue } from '#gateway/journal/api/measurements.js'
import type { ShownValue } from '#gateway/model/alarm-explanation.js'
import { unitWords } from '#gateway/wording/words.js'

export function shownValue({ content, at }: StoredValue): ShownValue {
  // A measurement that is in no batch yet becomes the Observation that it will be, so that there is one way to read
  // both.
  const observation =
    'measurement' in content
      ? observationOf(content.measurement, { patient: 'unknown', home: 'unknown' })
      : (JSON.parse(content.observation) as Observation)
  const said = observation.extension ?? []
  const quality = said.find(({ url }) => url === EXTENSIONS.quality)?.valueCode as Quality | undefined
  return {
    what: observation.code?.text ?? 'Value',
    value: valueWords(observation),
    at,
    quality: quality ?? (observation.dataAbsentReason ? 'missing' : 'good'),
    remarks: said.flatMap(({ url, valueString }) => (url === EXTENSIONS.remark && valueString ? [valueString] : [])),
  }
}

function valueWords({ valueQuantity, valueCodeableConcept, component }: Observation): string | null {
  if (valueQuantity) return `${numberOf(valueQuantity)} ${unitOf(valueQuantity)}`.trim()
  if (valueCodeableConcept) return valueCodeableConcept.text ?? valueCodeableConcept.coding?.[0]?.display ?? null
  // Systolic and diastolic; what else a cuff says is not for one line.
  const parts = component?.slice(0, 2).flatMap(({ valueQuantity }) => valueQuantity ?? []) ?? []
  const [first] = parts
  return first ? `${parts.map(numberOf).join('/')} ${unitOf(first)}` : null
}

const numberOf = ({ value = Number.NaN }: Quantity) => String(Math.round(value * 10) / 10)
const unitOf = ({ code, unit }: Quantity) => unitWords(code ?? unit ?? '')
