import { createHash } from 'node:crypto'

/** 32 hex digits, always the same for the same parts: names a thing to a far end without saying which it is. */
export function opaqueId(...parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
