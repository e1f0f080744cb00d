/** JSON Pointer (RFC 6901): names one place in a JSON document, and computes nothing. */

const SYNTAX = /^(\/([^~/]|~[01])*)*$/

export function isPointer(text: string): boolean {
  return text.length <= 200 && SYNTAX.test(text)
}

/** What stands there, or undefined. Own members only, so that no name reaches into an object's prototype. */
export function valueAt(document: unknown, pointer: string): unknown {
  let value = document
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(name)) return undefined
    if (!Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}
