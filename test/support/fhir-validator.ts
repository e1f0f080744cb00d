import type { Resource } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { validate } from '#simulators/fhir-server/validator.js'

/** All errors of a resource against R4 and the profiles it names, one line each. */
export function fhirErrors(resource: Resource): string[] {
  return validate(resource).map((issue) => `${issue.expression?.join() ?? ''}: ${issue.details?.text ?? issue.code}`)
}

export function expectValidFhir(resource: Resource): void {
  expect(fhirErrors(resource), JSON.stringify(resource)).to.deep.equal([])
}
