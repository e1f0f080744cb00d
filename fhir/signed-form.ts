/**
 * The signed form: what of a resource is hashed and signed. A server adds to what it stores (an id, a version, a
 * literal reference beside the logical one); the signed form leaves that out, so that an Observation read back from
 * any server gives the same canonical JSON as the one that was hashed.
 *
 * Left out: `id`, everything of `meta` but `profile` and `security`, and `reference` (with a server's `display`) of a
 * Reference that has an `identifier`. Uses no Node module: the console's verifier runs it in a browser.
 */
export function signedForm(resource: unknown): unknown {
  if (!isObject(resource)) return resource
  const { id: _id, meta, ...rest } = resource
  const kept = isObject(meta) ? pick(meta, ['profile', 'security']) : {}
  return withoutLiterals(Object.keys(kept).length > 0 ? { ...rest, meta: kept } : rest)
}

/**
 * Paths of what the signed form leaves out of a resource, e.g. `subject.reference`, `meta.tag`: nothing proves it.
 * In the order of the resource.
 */
export function unsignedPaths(resource: unknown): string[] {
  return missing(resource, signedForm(resource), '')
}

function missing(all: unknown, signed: unknown, path: string): string[] {
  if (Array.isArray(all) && Array.isArray(signed))
    return all.flatMap((item, i) => missing(item, signed[i], `${path}[${i}]`))
  if (!isObject(all)) return []
  if (!isObject(signed)) return Object.keys(all).map((key) => joined(path, key))
  return Object.entries(all).flatMap(([key, value]) =>
    Object.hasOwn(signed, key) ? missing(value, signed[key], joined(path, key)) : joined(path, key),
  )
}

const joined = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

/** Adds literal references where a Reference's identifier is among `literals` (key: `literalKey`). */
export function withLiterals<T>(resource: T, literals: ReadonlyMap<string, string>): T {
  return walk(resource, (object) => {
    const literal = isLogicalReference(object) ? literals.get(literalKey(object.identifier)) : undefined
    return literal ? { reference: literal, ...object } : object
  }) as T
}

export function literalKey(identifier: { readonly system?: unknown; readonly value?: unknown }): string {
  return `${String(identifier.system)}|${String(identifier.value)}`
}

function withoutLiterals(value: unknown): unknown {
  return walk(value, (object) => {
    if (!isLogicalReference(object)) return object
    const { reference: _reference, display: _display, ...rest } = object
    return rest
  })
}

/** A Reference's identifier is one object; a resource's identifiers are an array. */
function isLogicalReference(object: JsonObject): object is JsonObject & { identifier: JsonObject } {
  return isObject(object['identifier']) && !('resourceType' in object)
}

type JsonObject = Record<string, unknown>

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]))
}

function walk(value: unknown, change: (object: JsonObject) => JsonObject): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, change))
  if (!isObject(value)) return value
  const changed = change(value)
  const entries: [string, unknown][] = []
  for (const key of Object.keys(changed))
    if (changed[key] !== undefined) entries.push([key, walk(changed[key], change)])
  // Not assigned one by one: `__proto__` of somebody's JSON must stay a member like any other.
  return Object.fromEntries(entries)
}
