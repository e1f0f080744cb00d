/**
 * Measurement → R4 Observation, valid against the base resource and, for vital signs, the profile in `meta.profile`.
 * Pure and deterministic: the same measurement and context give the same resource, which is hashed and signed.
 */
import type { CodeableConcept, Extension, Observation, ObservationReferenceRange, Quantity } from '@medplum/fhirtypes'
import { instant } from './instant.js'
import type { AbsentReason, Measurement } from './measurement.js'
import { sampledData, waveformEnd } from './sampled-data.js'
import {
  contactIdentifier,
  DATA_ABSENT_REASON,
  deviceIdentifier,
  EXTENSIONS,
  GATEWAY_DEVICE_EXTENSION,
  gatewayIdentifier,
  IDENTIFIERS,
  logicalReference,
  OBSERVATION_CATEGORY,
  OBSERVATION_INTERPRETATION,
  patientIdentifier,
  UCUM,
} from './systems.js'
import {
  ABSENT_REASONS,
  BLOOD_PRESSURE_COMPONENTS,
  CATEGORIES,
  POSITIONS,
  TERMINOLOGY,
  type TerminologyRow,
} from './terminology.js'

/** http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation. */
const INTERPRETATIONS = { N: 'Normal', L: 'Low', H: 'High', LL: 'Critical low', HH: 'Critical high' } as const

export interface ObservationContext {
  /** Pseudonyms. */
  readonly patient: string
  readonly home: string
  /** The limits in force, in the observable's unit; only for a single quantity. */
  readonly referenceRange?: { readonly low?: number; readonly high?: number }
  readonly interpretation?: keyof typeof INTERPRETATIONS
}

/**
 * Profile: the R4 vital-signs profile of the observable's terminology row (heartrate, oxygensat, resprate, bodytemp,
 * bodyweight, bp), named in `meta.profile`; the base resource where the row has none. Code, category and unit are the row's.
 * @param measurement in the observable's unit (UCUM, `TERMINOLOGY`); times are epoch ms
 * @param context pseudonyms, and the limits in force in the same unit
 * @returns `status: final`, with a value or a `dataAbsentReason`: a number that is none, or a value of another kind than the
 *   row's, is the reason `error` and never a 0; so is a number that is implausible, which is in an extension then
 * @throws RangeError where `at` or `until` is no time
 */
export function observationOf(measurement: Measurement, context: ObservationContext): Observation {
  const row = TERMINOLOGY[measurement.observable]
  const mdc = row.mdcBySensor?.[measurement.sensor]
  return {
    resourceType: 'Observation',
    ...(row.profile ? { meta: { profile: [row.profile] } } : {}),
    extension: extensionsOf(measurement, context),
    identifier: [{ system: IDENTIFIERS.measurement, value: measurement.identifier }],
    status: 'final',
    category: [{ coding: [{ system: OBSERVATION_CATEGORY, code: row.category, display: CATEGORIES[row.category] }] }],
    code: { coding: [...row.codings, ...(mdc ? [mdc] : [])], text: row.text },
    subject: logicalReference('Patient', patientIdentifier(context.patient)),
    ...effectiveOf(measurement),
    ...(measurement.performer !== undefined && {
      // A nurse, a daughter or the patient: the home alone knows which.
      performer: [{ identifier: contactIdentifier(context.home, measurement.performer) }],
    }),
    device: logicalReference('Device', deviceIdentifier(context.home, measurement.deviceId)),
    ...valueElements(measurement, row, context),
  }
}

/**
 * Vital signs have an instant even where the value is an average: the profiles' invariant vs-1 takes effective[x] for a
 * dateTime and fails for every Period. The end of their period is in an extension.
 */
function effectiveOf(measurement: Measurement): Pick<Observation, 'effectiveDateTime' | 'effectivePeriod'> {
  const { at, observable } = measurement
  const end = endOf(measurement)
  if (end <= at || TERMINOLOGY[observable].category === 'vital-signs') return { effectiveDateTime: instant(at) }
  return { effectivePeriod: { start: instant(at), end: instant(end) } }
}

function endOf({ at, until, value }: Measurement): number {
  return until ?? (value.type === 'waveform' ? waveformEnd(at, value) : at)
}

function extensionsOf(measurement: Measurement, context: ObservationContext): Extension[] {
  const extensions: Extension[] = [
    {
      url: GATEWAY_DEVICE_EXTENSION,
      valueReference: logicalReference('Device', gatewayIdentifier(context.home)),
    },
  ]
  if (measurement.quality === 'questionable' || measurement.quality === 'implausible') {
    extensions.push({ url: EXTENSIONS.quality, valueCode: measurement.quality })
  }
  for (const remark of measurement.remarks) extensions.push({ url: EXTENSIONS.remark, valueString: remark })
  if (measurement.deviceTime) extensions.push({ url: EXTENSIONS.deviceTime, valueString: measurement.deviceTime })
  if (TERMINOLOGY[measurement.observable].category === 'vital-signs' && endOf(measurement) > measurement.at) {
    extensions.push({ url: EXTENSIONS.until, valueDateTime: instant(endOf(measurement)) })
  }
  const { value, observable, quality } = measurement
  if (quality === 'implausible' && value.type === 'quantity' && Number.isFinite(value.value))
    extensions.push(notBelieved(quantity(value.value, TERMINOLOGY[observable])))
  return extensions
}

function valueElements(
  measurement: Measurement,
  row: TerminologyRow,
  context: ObservationContext,
): Partial<Observation> {
  const { value, quality } = measurement
  switch (value.type) {
    case 'absent':
      return absent(value.reason, row)
    case 'quantity': {
      // A number that is none is a fault, never a 0; a number under another observable's row would be a lie.
      // What cannot be is no vital sign: its number is in an extension, where no program takes it for one.
      if (!Number.isFinite(value.value) || row.value !== 'quantity' || quality === 'implausible')
        return absent('error', row)
      const range = rangeOf(row, context)
      return {
        valueQuantity: { ...quantity(value.value, row), ...(value.comparator && { comparator: value.comparator }) },
        ...interpretationOf(context),
        ...(range ? { referenceRange: [range] } : {}),
      }
    }
    case 'bloodPressure': {
      const { systolic, diastolic, mean, irregularPulse } = value
      if (!Number.isFinite(systolic) || !Number.isFinite(diastolic) || row.value !== 'bloodPressure') {
        return absent('error', row)
      }
      const pressure = (which: 'systolic' | 'diastolic' | 'mean', mmHg: number) => {
        const said = quantity(mmHg, row)
        if (quality !== 'implausible') return { code: componentCode(which), valueQuantity: said }
        return { extension: [notBelieved(said)], code: componentCode(which), ...absent('error') }
      }
      return {
        ...(quality === 'implausible' ? absent('error') : interpretationOf(context)),
        component: [
          pressure('systolic', systolic),
          pressure('diastolic', diastolic),
          ...(Number.isFinite(mean) ? [pressure('mean', Number(mean))] : []),
          ...(irregularPulse === undefined
            ? []
            : [{ code: componentCode('irregularPulse'), valueBoolean: irregularPulse }]),
        ],
      }
    }
    case 'position': {
      if (row.value !== 'position') return absent('error', row)
      if (value.position === 'undefined') return absent('unknown', row)
      const { coding, text } = POSITIONS[value.position]
      return { valueCodeableConcept: { ...(coding ? { coding: [coding] } : {}), text } }
    }
    case 'waveform': {
      if (row.value !== 'waveform') return absent('error', row)
      const data = sampledData(value, value.unit ?? row.unit ?? '1')
      return data ? { valueSampledData: data } : absent('error', row)
    }
  }
}

function notBelieved(valueQuantity: Quantity): Extension {
  return { url: EXTENSIONS.implausibleValue, valueQuantity }
}

function absent(reason: AbsentReason, row?: TerminologyRow) {
  const dataAbsentReason: CodeableConcept = {
    coding: [{ system: DATA_ABSENT_REASON, code: reason, display: ABSENT_REASONS[reason] }],
  }
  if (row?.value !== 'bloodPressure') return { dataAbsentReason }
  // The bp profile asks for both components even then (component 2..*, each 1..1; vs-3).
  return {
    dataAbsentReason,
    component: [
      { code: componentCode('systolic'), dataAbsentReason },
      { code: componentCode('diastolic'), dataAbsentReason },
    ],
  }
}

function componentCode(which: keyof typeof BLOOD_PRESSURE_COMPONENTS): CodeableConcept {
  const { codings, text } = BLOOD_PRESSURE_COMPONENTS[which]
  return { coding: [...codings], text }
}

function quantity(value: number, row: TerminologyRow): Quantity {
  const unit = row.unit ?? '1'
  return { value: rounded(value, row.decimals), unit, system: UCUM, code: unit }
}

function rounded(value: number, decimals: number): number {
  // `+ 0` makes a negative zero positive.
  return Number(value.toFixed(decimals)) + 0
}

function interpretationOf(context: ObservationContext): Pick<Observation, 'interpretation'> {
  const code = context.interpretation
  if (!code) return {}
  return {
    interpretation: [{ coding: [{ system: OBSERVATION_INTERPRETATION, code, display: INTERPRETATIONS[code] }] }],
  }
}

function rangeOf(row: TerminologyRow, context: ObservationContext): ObservationReferenceRange | null {
  const { low, high } = context.referenceRange ?? {}
  if (low === undefined && high === undefined) return null
  return {
    ...(low === undefined ? {} : { low: quantity(low, row) }),
    ...(high === undefined ? {} : { high: quantity(high, row) }),
  }
}
