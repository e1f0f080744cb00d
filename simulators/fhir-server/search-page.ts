/** Pages of a search: 100 resources unless `_count` says else, at most 1,000; `_summary=count` gives the total alone. */
import type { Bundle } from '@medplum/fhirtypes'

const DEFAULT_COUNT = 100
const MAX_COUNT = 1000

export interface Paged {
  /** What the router is asked. */
  readonly url: string
  /** How its answer is shown; absent when this is no search. */
  readonly page?: (bundle: Bundle, baseUrl: string) => Bundle
}

export function paged(method: string, path: string): Paged {
  const [type = '', query = ''] = path.split(/\?(.*)/s)
  if (method !== 'GET' || !/^[A-Za-z]+$/.test(type)) return { url: path }
  const parameters = new URLSearchParams(query)
  const countOnly = parameters.get('_summary') === 'count' || parameters.get('_count') === '0'
  const count = clamp(parameters.get('_count'), DEFAULT_COUNT, MAX_COUNT)
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
      if (offset + entry.length < total) link.push({ relation: 'next', url: `${baseUrl}/${type}?${next}` })
      const entries = entry.map((item) => ({
        fullUrl: `${baseUrl}/${item.resource?.resourceType}/${item.resource?.id}`,
        ...item,
        search: { mode: 'match' as const },
      }))
      return {
        resourceType: 'Bundle',
        type: 'searchset',
        total,
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
