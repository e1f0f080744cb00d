import { parseJson } from '#gateway/intake/decode/mqtt.js'

/** Where a number should be: what printf and Python write for none. */
const NO_NUMBER = /([:[,]\s*)(?:[+-]?(?:nan|inf(?:inity)?)|None|undefined)(?=\s*[,}\]])/gi

/** JSON as firmware writes it: `nan`, `inf` and `None` stand for null. @returns undefined where it is none, or only null */
export function parseForeignJson(payload: Uint8Array): unknown {
  const document = parseJson(payload)
  if (document !== undefined || (payload[0] !== 0x7b && payload[0] !== 0x5b)) return document
  return parseJson(Buffer.from(Buffer.from(payload).toString().replace(NO_NUMBER, '$1null')))
}
