import type { CapabilityStatement } from '@medplum/fhirtypes'
import { SERVED_TYPES } from './definitions.js'

export const capabilityStatement: CapabilityStatement = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  software: { name: 'Homebeat FHIR server simulator' },
  implementation: { description: 'In memory, for demonstration and tests; forgets everything when it stops.' },
  fhirVersion: '4.0.1',
  format: ['application/fhir+json'],
  rest: [
    {
      mode: 'server',
      resource: SERVED_TYPES.map((type) => ({
        type,
        interaction: [{ code: 'read' }, { code: 'create' }, { code: 'update' }, { code: 'search-type' }],
        conditionalCreate: true,
        conditionalUpdate: true,
        updateCreate: true,
      })),
      interaction: [{ code: 'transaction' }, { code: 'batch' }],
    },
  ],
}
