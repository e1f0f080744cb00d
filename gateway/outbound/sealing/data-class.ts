import type { DataClass } from '#fhir/measurement.js'
import { TERMINOLOGY } from '#fhir/terminology.js'
import { HomebeatError } from '#gateway/platform/errors.js'

const CLASS_OF = new Map(
  Object.values(TERMINOLOGY).flatMap((row) =>
    row.codings.map((coding) => [`${coding.system}|${coding.code}`, row.dataClass] as const),
  ),
)

/**
 * The data class of an Observation, by its code.
 * @throws HomebeatError `sealing.data-class` for a code that is not in the terminology: it is not sealed under a guess
 */
export function dataClassOf(observation: unknown): DataClass {
  const { code } = observation as { code?: { coding?: readonly { system?: string; code?: string }[] } }
  for (const coding of code?.coding ?? []) {
    const found = CLASS_OF.get(`${coding.system}|${coding.code}`)
    if (found) return found
  }
  throw new HomebeatError(
    'sealing.data-class',
    'An Observation has no code of fhir/terminology.ts: give its row a data class, so that it can be sealed.',
  )
}
