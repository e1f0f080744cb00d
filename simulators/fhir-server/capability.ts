import type { CapabilityStatement } from '@medplum/fhirtypes'
import { SERVED_TYPES } from './definitions.js'
import type { Habits } from './habits.js'

export const capabilityStatement = (habits: Habits): CapabilityStatement => ({
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
        conditionalCreate: ['honoured', 'ignored-silently'].includes(habits.conditionalCreate),
        conditionalUpdate: true,
        updateCreate: true,
      })),
      interaction: [
        ...(habits.transactions ? [{ code: 'transaction' as const }] : []),
        ...(habits.batches ? [{ code: 'batch' as const }] : []),
      ],
    },
  ],
})
