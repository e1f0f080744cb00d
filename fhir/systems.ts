/**
 * The code systems and identifier systems that the mapping writes: the standard ones, and the project's own under
 * `urn:homebeat:`. Nothing here names a person; `home` and `patient` are pseudonyms.
 */
import type { Identifier, Reference, Resource } from '@medplum/fhirtypes'

export const LOINC = 'http://loinc.org'
/** IEEE 11073-10101 nomenclature. */
export const MDC = 'urn:iso:std:iso:11073:10101'
export const UCUM = 'http://unitsofmeasure.org'
export const SNOMED = 'http://snomed.info/sct'
export const OBSERVATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category'
export const DATA_ABSENT_REASON = 'http://terminology.hl7.org/CodeSystem/data-absent-reason'
export const OBSERVATION_INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation'
export const COMMUNICATION_CATEGORY = 'http://terminology.hl7.org/CodeSystem/communication-category'
export const COMMUNICATION_NOT_DONE_REASON = 'http://terminology.hl7.org/CodeSystem/communication-not-done-reason'
export const FLAG_CATEGORY = 'http://terminology.hl7.org/CodeSystem/flag-category'
export const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
/** Holds `PSEUDED`: "security label: data has been pseudonymised". */
export const OBSERVATION_VALUE = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'
/** R4 core extension; the HL7 Personal Health Device IG names the gateway of an Observation by it. */
export const GATEWAY_DEVICE_EXTENSION = 'http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice'

/** Identifier systems: `value` is unique in each, for all homes that share a server. */
export const IDENTIFIERS = {
  /** The Measurement's identifier. */
  measurement: 'urn:homebeat:measurement',
  /** The patient's pseudonym. */
  patient: 'urn:homebeat:patient',
  /** `<home>/<device id>`. */
  device: 'urn:homebeat:device',
  /** `<home>`. */
  gateway: 'urn:homebeat:gateway',
  /** `<home>/<alert id>`. */
  alert: 'urn:homebeat:alert',
  /** `<home>/<notification's key>`; of older ones `<home>/<alert id>/<state>/<channel>`. */
  communication: 'urn:homebeat:communication',
  /** `<home>/<notification's key>`. */
  communicationRequest: 'urn:homebeat:communication-request',
  /** `<home>/<alert id>`. */
  task: 'urn:homebeat:task',
  /** `<home>/<alert id>`. */
  flag: 'urn:homebeat:flag',
  /** `<home>/<contact id>`, or whatever else the home calls one who acts. */
  contact: 'urn:homebeat:contact',
  /** `<home>/<channel name>`: a recipient where no contact is named. */
  channel: 'urn:homebeat:channel',
  /** A sealed document. */
  envelope: 'urn:homebeat:envelope',
} as const

/** Code systems of the project, for what no standard vocabulary has a verified code for. */
export const CODES = {
  /** An Observable, e.g. `skinConductance`. */
  observable: 'urn:homebeat:observable',
  /** An alert's condition, e.g. `low-oxygen-saturation`. */
  condition: 'urn:homebeat:condition',
  /** `vital-signs`, `waveform`, `laboratory`, `activity`: the unit of consent. */
  dataClass: 'urn:homebeat:data-class',
  /** What a person did about an alert: `acknowledged`. */
  mitigation: 'urn:homebeat:mitigation',
  /** What a Task asks for: `attend-to-alert`. */
  task: 'urn:homebeat:task-code',
  /** `sealed-observations`. */
  documentType: 'urn:homebeat:document-type',
} as const

/** Extensions of the project. */
export const EXTENSIONS = {
  /** valueCode `questionable` or `implausible`; absent when good, and when there is no value at all. */
  quality: 'urn:homebeat:quality',
  /** valueQuantity: the number that a sensor gave and that cannot be. The Observation, or component, has no value then. */
  implausibleValue: 'urn:homebeat:implausible-value',
  /** valueString: one short machine-readable reason, e.g. `device-clock-unverified`; repeats. */
  remark: 'urn:homebeat:remark',
  /** valueDateTime: end of the time that a vital sign's value stands for; its effectiveDateTime is the start. */
  until: 'urn:homebeat:until',
  /** valueString: the device's own timestamp as it gave it, local time, maybe wrong. */
  deviceTime: 'urn:homebeat:device-time',
  /** valueBase64Binary: SHA-256 of an attachment's bytes, beside R4's SHA-1 `hash`. */
  sha256: 'urn:homebeat:sha-256',
  /** valueDate: the day of the epoch key that opens a sealed document. */
  epochDay: 'urn:homebeat:epoch-day',
  /** valuePositiveInt: Observations inside a sealed document. */
  observationCount: 'urn:homebeat:observation-count',
} as const

type OwnIdentifier = Identifier & { system: string; value: string }

export function patientIdentifier(patient: string): OwnIdentifier {
  return { system: IDENTIFIERS.patient, value: patient }
}

export function gatewayIdentifier(home: string): OwnIdentifier {
  return { system: IDENTIFIERS.gateway, value: home }
}

/** Of what belongs to a home: `<home>/<its id>`. */
const ofHome =
  (system: string) =>
  (home: string, id: string): OwnIdentifier => ({ system, value: `${home}/${id}` })
export const deviceIdentifier = ofHome(IDENTIFIERS.device)
export const contactIdentifier = ofHome(IDENTIFIERS.contact)
export const channelIdentifier = ofHome(IDENTIFIERS.channel)
export const alertIdentifier = ofHome(IDENTIFIERS.alert)
export const taskIdentifier = ofHome(IDENTIFIERS.task)
export const flagIdentifier = ofHome(IDENTIFIERS.flag)
export const communicationIdentifier = ofHome(IDENTIFIERS.communication)
export const requestIdentifier = ofHome(IDENTIFIERS.communicationRequest)

/** A reference by identifier only: the same on every server, so that it can be hashed and signed. */
export function logicalReference<T extends Resource>(type: T['resourceType'], identifier: Identifier): Reference<T> {
  return { type, identifier }
}
