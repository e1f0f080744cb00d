/** A resource against R4: the base resource, and every profile that `meta.profile` names. */
import { OperationOutcomeError, validateResource } from '@medplum/core'
import type { Binary, OperationOutcomeIssue, Resource } from '@medplum/fhirtypes'
import { definitions, SERVED_TYPES } from './definitions.js'
import { checkProfile } from './profile-check.js'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** All errors; empty when the resource is valid. */
export function validate(resource: Resource): OperationOutcomeIssue[] {
  const { structures, codes } = definitions()
  if (!(SERVED_TYPES as readonly string[]).includes(resource?.resourceType)) {
    return [issue('not-supported', 'this server stores no such resource type', 'resourceType')]
  }
  const issues = baseIssues(resource)
  const profiles = [
    `http://hl7.org/fhir/StructureDefinition/${resource.resourceType}`,
    ...(resource.meta?.profile ?? []),
  ]
  for (const profile of profiles) {
    const structure = structures.get(profile)
    if (!structure)
      issues.push(issue('structure', 'the profile is unknown here', `${resource.resourceType}.meta.profile`))
    else if (structure.type !== resource.resourceType)
      issues.push(issue('structure', 'the profile is of another type', 'meta.profile'))
    else issues.push(...checkProfile(resource, structure, codes))
  }
  return issues
}

/** @throws OperationOutcomeError with all errors, marked to be answered as 422. */
export function assertValid(resource: Resource): void {
  const issues = validate(resource)
  if (issues.length === 0) return
  throw new OperationOutcomeError({ resourceType: 'OperationOutcome', id: UNPROCESSABLE, issue: issues })
}

/** Id of an OperationOutcome that is to be answered as 422 Unprocessable Entity. */
export const UNPROCESSABLE = 'unprocessable'

function baseIssues(resource: Resource): OperationOutcomeIssue[] {
  let checked = resource
  if (resource.resourceType === 'Binary') {
    const data = resource.data ?? ''
    if (!BASE64.test(data)) return [issue('structure', 'is no base64', 'Binary.data')]
    // The validator holds every string to FHIR's 1 MB; base64Binary has no such limit.
    checked = { ...resource, ...(data ? { data: 'AAAA' } : {}) } as Binary
  }
  try {
    return validateResource(checked).filter(({ severity }) => severity === 'error' || severity === 'fatal')
  } catch (error) {
    if (error instanceof OperationOutcomeError) return [...error.outcome.issue]
    throw error
  }
}

function issue(code: 'structure' | 'not-supported', text: string, expression: string): OperationOutcomeIssue {
  return { severity: 'error', code, details: { text }, expression: [expression] }
}
