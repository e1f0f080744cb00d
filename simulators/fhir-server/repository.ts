/**
 * @medplum/fhir-router's MemoryRepository with what it leaves out: validation, an index on identifiers (a conditional
 * create would else read every resource), references that must lead somewhere, and transactions that roll back.
 * Callers run one request at a time (see `server.ts`); only so are conditional creates unique.
 */
import {
  badRequest,
  matchesSearchRequest,
  OperationOutcomeError,
  Operator,
  type SearchRequest,
  type WithId,
} from '@medplum/core'
import { MemoryRepository } from '@medplum/fhir-router'
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { assertValid } from './validator.js'

export class ValidatingRepository extends MemoryRepository {
  /** `<Type>|<system>|<value>` → ids. */
  readonly #byIdentifier = new Map<string, Set<string>>()
  /** The request at which each was created, and the present one. */
  readonly createdAt = new Map<string, number>()
  turn = 0
  readonly #counts = new Map<string, number>()
  #transaction: { readonly undo: (() => Promise<void>)[]; readonly written: Resource[] } | undefined

  /** How many resources of a type are stored. */
  count(resourceType: string): number {
    return this.#counts.get(resourceType) ?? 0
  }

  override async createResource<T extends Resource>(resource: T): Promise<WithId<T>> {
    assertValid(resource)
    const previous = resource.id ? await this.#tryRead(resource.resourceType, resource.id) : undefined
    const stored = await super.createResource(resource)
    if (previous) this.#forget(previous)
    if (!previous) this.createdAt.set(`${stored.resourceType}/${stored.id}`, this.turn)
    this.#remember(stored)
    this.#transaction?.written.push(stored)
    this.#transaction?.undo.push(async () => {
      this.#forget(stored)
      if (!previous) return super.deleteResource(stored.resourceType, stored.id)
      await super.createResource(previous)
      this.#remember(previous)
    })
    return stored
  }

  override async deleteResource(resourceType: string, id: string): Promise<void> {
    const previous = await this.#tryRead(resourceType, id)
    await super.deleteResource(resourceType, id)
    if (!previous) return
    this.#forget(previous)
    this.#transaction?.undo.push(async () => {
      await super.createResource(previous)
      this.#remember(previous)
    })
  }

  override async search<T extends Resource>(request: SearchRequest<T>): Promise<Bundle<WithId<T>>> {
    const keys = identifierKeys(request)
    if (!keys) return super.search(request)
    const ids = new Set(keys.flatMap((key) => [...(this.#byIdentifier.get(key) ?? [])]))
    const found: WithId<T>[] = []
    for (const id of ids) {
      const resource = (await this.readResource<T>(request.resourceType, id)) as WithId<T>
      if (matchesSearchRequest(resource, request)) found.push(resource)
    }
    const offset = request.offset ?? 0
    const page = found.slice(offset, request.count === undefined ? undefined : offset + request.count)
    return {
      resourceType: 'Bundle',
      type: 'searchset',
      total: found.length,
      ...(page.length > 0 ? { entry: page.map((resource) => ({ resource })) } : {}),
    }
  }

  /** All or nothing; an inner transaction (a conditional create in a Bundle) is part of the outer one. */
  override async withTransaction<T>(callback: (client: undefined) => Promise<T>): Promise<T> {
    if (this.#transaction) return callback(undefined)
    const transaction = { undo: [] as (() => Promise<void>)[], written: [] as Resource[] }
    this.#transaction = transaction
    try {
      const result = await callback(undefined)
      for (const resource of transaction.written) await this.#assertReferences(resource)
      return result
    } catch (error) {
      this.#transaction = undefined
      for (const undo of transaction.undo.reverse()) await undo()
      throw error
    } finally {
      this.#transaction = undefined
    }
  }

  async #assertReferences(resource: Resource): Promise<void> {
    for (const reference of literalReferences(resource)) {
      const [type = '', id = ''] = reference.split('/')
      if (!(await this.#tryRead(type, id))) {
        throw new OperationOutcomeError(badRequest('a literal reference leads nowhere', resource.resourceType))
      }
    }
  }

  async #tryRead(resourceType: string, id: string): Promise<WithId<Resource> | undefined> {
    try {
      return (await this.readResource<Resource>(resourceType, id)) as WithId<Resource>
    } catch (error) {
      if (error instanceof OperationOutcomeError) return undefined
      throw error
    }
  }

  #remember(resource: Resource): void {
    this.#counts.set(resource.resourceType, this.count(resource.resourceType) + 1)
    for (const key of keysOf(resource)) {
      const ids = this.#byIdentifier.get(key) ?? new Set()
      this.#byIdentifier.set(key, ids.add(resource.id ?? ''))
    }
  }

  #forget(resource: Resource): void {
    this.#counts.set(resource.resourceType, this.count(resource.resourceType) - 1)
    for (const key of keysOf(resource)) this.#byIdentifier.get(key)?.delete(resource.id ?? '')
  }
}

function keysOf(resource: Resource): string[] {
  const identifiers = 'identifier' in resource ? resource.identifier : undefined
  const list = Array.isArray(identifiers) ? identifiers : []
  return list.map(({ system, value }) => `${resource.resourceType}|${system}|${value}`)
}

/** Keys of an `identifier=<system>|<value>[,…]` search, or null when the index does not help. */
function identifierKeys(request: SearchRequest): string[] | null {
  const filter = request.filters?.find(({ code, operator }) => code === 'identifier' && operator === Operator.EQUALS)
  if (!filter?.value.includes('|') || filter.value.includes('\\')) return null
  const tokens = filter.value.split(',')
  if (tokens.some((token) => token.startsWith('|') || token.endsWith('|') || token.split('|').length !== 2)) return null
  return tokens.map((token) => `${request.resourceType}|${token}`)
}

function literalReferences(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(literalReferences)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'reference' && typeof item === 'string' && !item.startsWith('#') ? [item] : literalReferences(item),
  )
}
