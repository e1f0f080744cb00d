import type { Resource } from '@medplum/fhirtypes'
import { signedForm } from './signed-form.js'

/**
 * A resource of ours over the version that a server holds; what others have added stays.
 * @param instead elements that are taken away where ours has none, e.g. the other one of a choice
 * @returns null where the server's says the same already
 */
export function writtenOver<T extends Resource>(current: T, ours: T, instead: readonly (keyof T)[] = []): T | null {
  const kept = Object.entries(current).filter(([key]) => !instead.includes(key as keyof T))
  const next = {
    ...Object.fromEntries(kept),
    ...ours,
    id: current.id,
    ...(current.meta && { meta: current.meta }),
  } as T
  return said(current) === said(next) ? null : next
}

/** The signed form as text, members in the order of their names. */
function said(resource: Resource): string {
  return JSON.stringify(signedForm(resource), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  )
}
