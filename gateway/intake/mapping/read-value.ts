/** The value that a rule's reading names in a message. */
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { beyondRange } from '#gateway/intake/decode/beyond-range.js'
import type { Reading } from '#gateway/model/reading.js'
import { isNothing } from './foreign-json.js'
import { Misfit } from './misfit.js'
import { valueAt } from './pointer.js'
import type { MappedReading, MappingRule } from './template.js'
import { ucumOf } from './units.js'

type Place = { readonly pointer: string } | 'payload'

export function readValue(
  reading: MappedReading,
  rule: MappingRule,
  document: unknown,
  text: string | null,
): Reading['value'] | Misfit {
  const unit = unitOf(reading, document)
  if ('systolic' in reading) {
    const systolic = numberAt(reading.systolic, rule, document, text)
    const diastolic = numberAt(reading.diastolic, rule, document, text)
    if (systolic instanceof Misfit) return systolic
    if (diastolic instanceof Misfit) return diastolic
    if (systolic === 'absent' || diastolic === 'absent') return { type: 'none' }
    const mean = reading.mean && numberAt(reading.mean, rule, document, text)
    const { irregularPulse } = reading
    const flag = irregularPulse && valueAt(document, irregularPulse.pointer)
    return unit instanceof Misfit
      ? unit
      : {
          ...{ type: 'bloodPressure', systolic, diastolic, unit },
          ...(typeof mean === 'number' && { mean }),
          ...(irregularPulse && flag !== undefined && { irregularPulse: flag === irregularPulse.equals }),
        }
  }
  const sent = numberAt(reading.value, rule, document, text)
  if (sent === 'absent') return { type: 'none' }
  if (unit instanceof Misfit) return sent instanceof Misfit ? sent : unit
  const { factor, offset } = reading.scale ?? { factor: 1, offset: 0 }
  const scaled = (number: number) => factor * number + offset
  if (sent instanceof Misfit) {
    const said = foundAt(reading.value, document, text)
    const beyond = typeof said === 'string' ? beyondRange(said.trim(), reading.sensor, unit, scaled) : null
    return beyond ? { type: 'number', ...beyond } : sent
  }
  const value = scaled(sent)
  return Number.isFinite(value)
    ? { type: 'number', value, unit }
    : new Misfit(3, 'value', 'The scaled value is no number.')
}

function numberAt(
  place: Place,
  { absent }: MappingRule,
  document: unknown,
  text: string | null,
): number | 'absent' | Misfit {
  const found = foundAt(place, document, text)
  if (typeof found === 'number' && Number.isFinite(found)) return found
  if (found === null) return 'absent'
  if (typeof found === 'string') {
    const trimmed = found.trim()
    if (absent.includes(trimmed) || isNothing(trimmed)) return 'absent'
    if (/^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(trimmed)) return Number(trimmed)
  }
  const reason = place === 'payload' ? 'The payload is not a number.' : `There is no number at ${place.pointer}.`
  return new Misfit(3, 'value', reason)
}

/** A whole payload is a JSON scalar (Home Assistant writes "36.6" with its quotes) or plain text. */
const foundAt = (place: Place, document: unknown, text: string | null): unknown =>
  place === 'payload' ? (document ?? text) : valueAt(document, place.pointer)

function unitOf({ sensor, unit }: MappedReading, document: unknown): string | Misfit {
  const found = 'fixed' in unit ? unit.fixed : valueAt(document, unit.pointer)
  const ucum = typeof found === 'string' ? ucumOf(found) : null
  const accepted = unitsOf(sensorDefinitions[sensor])
  if (ucum !== null && accepted.includes(ucum)) return ucum
  const where = 'fixed' in unit ? 'The fixed unit' : `What stands at ${unit.pointer}`
  return new Misfit(4, 'unit', `${where} is no unit of a ${sensor}: it is given in ${accepted.join(' or ')}.`)
}
