import { parseJson } from '#gateway/intake/decode/mqtt.js'

/** No number, as printf writes it on one C library and another; no value, as programs write it. */
const WORDS = String.raw`[+-]?(?:nan(?:\(\w*\))?|inf(?:inity)?|1\.#\w+)|null|nil|none|undefined|unavailable|unknown|#?n/a|na|-+`
const NOTHING = new RegExp(`^(?:${WORDS})?$`, 'i')
/** Where a value should be in JSON. */
const NO_VALUE = new RegExp(String.raw`([:[,]\s*)(?:${WORDS})(?=\s*[,}\]])`, 'gi')

/** @param text trimmed */
export const isNothing = (text: string): boolean => NOTHING.test(text)

/** JSON as firmware writes it: `nan`, `inf` and `None` stand for null. @returns undefined where it is none, or only null */
export function parseForeignJson(payload: Uint8Array): unknown {
  const document = parseJson(payload)
  if (document !== undefined || (payload[0] !== 0x7b && payload[0] !== 0x5b)) return document
  return parseJson(Buffer.from(Buffer.from(payload).toString().replace(NO_VALUE, '$1null')))
}
