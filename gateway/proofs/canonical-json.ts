import canonicalizeModule from 'canonicalize'
import { HomebeatError } from '#gateway/platform/errors.js'

// Its types describe an ES module, its code is CommonJS whose export is the function itself.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string | undefined

/** RFC 8785 (JSON Canonicalization Scheme) text of a JSON value: what is hashed, whatever order and spacing it came in. */
export function canonicalJson(value: unknown): string {
  let text: string | undefined
  try {
    text = canonicalize(value)
  } catch (cause) {
    // NaN, Infinity and cycles have no JSON.
    throw new HomebeatError('canonical-json.value', 'The resource cannot be written as canonical JSON (RFC 8785).', {
      cause,
    })
  }
  if (text === undefined)
    throw new HomebeatError('canonical-json.value', 'The resource cannot be written as canonical JSON (RFC 8785).')
  return text
}
