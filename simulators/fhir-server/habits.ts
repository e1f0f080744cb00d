/** In what a server is less than R4 asks, as real ones are: for tests and demonstrations. */
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes'

export interface Habits {
  readonly transactions: boolean
  readonly batches: boolean
  /** honoured, undeclared (honoured all the same), or ignored, with or without a word about it. */
  readonly conditionalCreate: 'honoured' | 'undeclared' | 'ignored' | 'ignored-silently'
  /** A search does not show what was created during so many requests before it. */
  readonly searchLag: number
  /** Most resources on a page. */
  readonly pageSize: number
  /** How `next` is written; inner: as a server behind a proxy that rewrites its address names itself. */
  readonly next: 'absolute' | 'relative' | 'inner'
  /** Whether a searchset has a `total`. */
  readonly total: boolean
  /** A status for what the server fails on, e.g. 500; without an OperationOutcome. */
  readonly fails: (resource: Resource) => number | undefined
}

export const GOOD_HABITS: Habits = {
  ...{ transactions: true, batches: true, conditionalCreate: 'honoured', searchLag: 0 },
  ...{ pageSize: 1000, next: 'absolute', total: true, fails: () => undefined },
}

/** The first status for which the server fails on something of a request. */
export function failureOf(body: unknown, { fails }: Habits): number | undefined {
  const resource = body as Resource | undefined
  if (resource?.resourceType !== 'Bundle') return resource?.resourceType ? fails(resource) : undefined
  if (resource.type === 'batch') return undefined
  return (resource.entry ?? []).map((entry) => entry.resource && fails(entry.resource)).find((status) => status)
}

/** Takes from a batch what the server fails on. @returns puts the failed answers among those of the rest */
export function withoutFailing(bundle: Bundle, { fails }: Habits): (answer: Bundle) => Bundle {
  const failed = (bundle.entry ?? []).map(({ resource }) => resource && fails(resource))
  bundle.entry = (bundle.entry ?? []).filter((_, index) => failed[index] === undefined)
  return (answer) => {
    const rest = [...(answer.entry ?? [])]
    const entry = failed.map((status) =>
      status === undefined ? (rest.shift() as BundleEntry) : { response: { status: String(status) } },
    )
    return { ...answer, entry }
  }
}
