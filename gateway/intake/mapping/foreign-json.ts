import { parseJson } from '#gateway/intake/decode/mqtt.js'

/** No number, as printf writes it on one C library and another. */
const NOT_FINITE = String.raw`[+-]?(?:nan(?:\(\w*\))?|inf(?:inity)?|1\.#\w+)`
/** Besides, how programs write that there is no value: Python, Home Assistant, JavaScript, a spreadsheet, dashes. */
const NOTHING = new RegExp(`^(?:${NOT_FINITE}|null|nil|none|undefined|unavailable|unknown|#?n/a|na|-+)$`, 'i')
/** Where a number should be in JSON. */
const NO_NUMBER = new RegExp(String.raw`([:[,]\s*)(?:${NOT_FINITE}|none|undefined)(?=\s*[,}\]])`, 'gi')

/** @param text trimmed */
export const isNothing = (text: string): boolean => NOTHING.test(text)

/** JSON as firmware writes it: `nan`, `inf` and `None` stand for null. @returns undefined where it is none, or only null */
export function parseForeignJson(payload: Uint8Array): unknown {
  const document = parseJson(payload)
  if (document !== undefined || (payload[0] !== 0x7b && payload[0] !== 0x5b)) return document
  return parseJson(Buffer.from(Buffer.from(payload).toString().replace(NO_NUMBER, '$1null')))
}
