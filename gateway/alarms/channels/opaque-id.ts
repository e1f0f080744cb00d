import { createHash } from 'node:crypto'
import type { AlertNotice } from './channel.js'

/** 32 hex digits, always the same for the same parts: names a thing to a far end without saying which it is. */
export function opaqueId(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/** One id for all notices of an alert; a digest and a test each have their own. */
export function threadId({ home, alertId, reason, key }: AlertNotice): string {
  return opaqueId(home, reason === 'digest' || reason === 'test' ? key : alertId)
}
