import type { Patient } from '@medplum/fhirtypes'
import { OBSERVATION_VALUE, patientIdentifier } from './systems.js'

/** The patient as this project knows them, a pseudonym and nothing else: R4 Patient, base resource, labelled `PSEUDED`. */
export function patientOf(patient: string): Patient {
  return {
    resourceType: 'Patient',
    meta: { security: [{ system: OBSERVATION_VALUE, code: 'PSEUDED', display: 'pseudonymized' }] },
    identifier: [patientIdentifier(patient)],
    active: true,
  }
}
