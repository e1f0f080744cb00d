/** What a FHIR server says of itself in its CapabilityStatement, as far as deliveries depend on it. */
import type { Resource } from '@medplum/fhirtypes'
import { z } from 'zod'

export interface Abilities {
  readonly transaction: boolean
  readonly batch: boolean
  readonly conditionalCreate: boolean
  /** Of a DocumentReference. */
  readonly conditionalUpdate: boolean
}

/** Of a server that does not say: what most can. */
export const ASSUMED: Abilities = { transaction: true, batch: true, conditionalCreate: true, conditionalUpdate: true }

/** Created on condition with every batch. */
const CREATED = ['Patient', 'Device', 'Observation'] as const

const statement = z.object({
  resourceType: z.literal('CapabilityStatement'),
  rest: z.array(
    z.object({
      mode: z.string(),
      interaction: z.array(z.object({ code: z.string() })).default([]),
      resource: z
        .array(
          z.object({
            type: z.string(),
            conditionalCreate: z.boolean().default(false),
            conditionalUpdate: z.boolean().default(false),
          }),
        )
        .default([]),
    }),
  ),
})

/** @returns null where the resource says nothing of a server */
export function abilitiesOf(resource: Resource | null): Abilities | null {
  const parsed = statement.safeParse(resource)
  const rest = parsed.data?.rest.find(({ mode }) => mode === 'server')
  if (!rest) return null
  const offers = (code: string) => rest.interaction.some((one) => one.code === code)
  const of = (wanted: string) => rest.resource.find(({ type }) => type === wanted)
  return {
    transaction: offers('transaction'),
    batch: offers('batch'),
    conditionalCreate: CREATED.every((type) => of(type)?.conditionalCreate),
    conditionalUpdate: of('DocumentReference')?.conditionalUpdate ?? false,
  }
}
