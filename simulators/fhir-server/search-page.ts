/** Pages of a search: 100 resources unless `_count` says else, at most 1,000; `_summary=count` gives the total alone. */
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { GOOD_HABITS, type Habits } from './habits.js'

const DEFAULT_COUNT = 100
const MAX_COUNT = 1000

export interface Paged {
  /** What the router is asked. */
  readonly url: string
  /** How its answer is shown; absent when this is no search. */
  readonly page?: (bundle: Bundle, baseUrl: string) => Bundle
}

/** @param isShown whether the search shows it already */
export function paged(
  method: string,
  path: string,
  habits: Habits = GOOD_HABITS,
  isShown: (resource: Resource | undefined) => boolean = () => true,
): Paged {
  const [type = '', query = ''] = path.split(/\?(.*)/s)
  if (method !== 'GET' || !/^[A-Za-z]+$/.test(type)) return { url: path }
  const parameters = new URLSearchParams(query)
  const countOnly = parameters.get('_summary') === 'count' || parameters.get('_count') === '0'
  const count = Math.min(clamp(parameters.get('_count'), DEFAULT_COUNT, MAX_COUNT), habits.pageSize)
  const offset = clamp(parameters.get('_offset'), 0, Number.MAX_SAFE_INTEGER)
  parameters.delete('_summary')
  parameters.set('_count', String(countOnly ? 1 : count))
  parameters.set('_offset', String(offset))
  return {
    url: `${type}?${parameters}`,
    page(bundle, baseUrl) {
      const { entry = [], total = 0 } = bundle
      if (countOnly) return { resourceType: 'Bundle', type: 'searchset', total }
      const next = new URLSearchParams(parameters)
      next.set('_offset', String(offset + count))
      const link = [{ relation: 'self', url: `${baseUrl}/${type}?${parameters}` }]
      const at = { absolute: baseUrl, relative: '.', inner: 'http://fhir.inner.example:8080/fhir' }[habits.next]
      if (offset + entry.length < total) link.push({ relation: 'next', url: `${at}/${type}?${next}` })
      const entries = entry
        .filter(({ resource }) => isShown(resource))
        .map((item) => ({
          fullUrl: `${baseUrl}/${item.resource?.resourceType}/${item.resource?.id}`,
          ...item,
          search: { mode: 'match' as const },
        }))
      return {
        resourceType: 'Bundle',
        type: 'searchset',
        ...(habits.total && { total }),
        link,
        ...(entries.length > 0 ? { entry: entries } : {}),
      }
    },
  }
}

function clamp(text: string | null, otherwise: number, max: number): number {
  const value = Number(text ?? otherwise)
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : otherwise
}
