/**
 * JSON of which two programs cannot read two things (I-JSON, RFC 7493): a verifier that took the last of two equal keys
 * would call a file unaltered of which a person, or another program, reads the first.
 */
import { HomebeatError } from '#gateway/platform/errors.js'

const MAX_DEPTH = 64
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|-?\d[\d.eE+-]*/g

/**
 * @throws HomebeatError `record.not-json`, or `record.ambiguous` for a key that stands twice, `__proto__`, a number that
 * no IEEE double holds, an unpaired surrogate, or nesting deeper than 64; messages quote no value
 */
export function parseStrictJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // No cause: the parser's message quotes the file.
    throw new HomebeatError(
      'record.not-json',
      'The record is not JSON: give a file that `homebeat verify --save` wrote.',
    )
  }
  const problem = ambiguityOf(text)
  if (problem) throw new HomebeatError('record.ambiguous', `The record was altered: ${problem} (RFC 7493).`)
  return value
}

/** @param text valid JSON */
function ambiguityOf(text: string): string | null {
  /** The keys of each open object; null for an array. */
  const open: (Set<string> | null)[] = []
  let string: string | null = null
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : null)
      if (open.length > MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} levels deep`
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ':' && string !== null) {
      if (string === '__proto__') return 'it has a key __proto__'
      if (open.at(-1)?.has(string)) return `the key "${string.slice(0, 40)}" stands twice in one object`
      open.at(-1)?.add(string)
    } else if (token.startsWith('"')) {
      string = JSON.parse(token) as string
      if (/\p{Cs}/u.test(string)) return 'it has an unpaired surrogate'
    } else if (token !== ',' && !isExact(token)) return 'it has a number that is rounded when it is read'
  }
  return null
}

/** Whether the double that is read is written with the same decimal digits. */
const isExact = (number: string): boolean => decimal(number) === decimal(String(Number(number)))

/** Digits without zeros around them, and the exponent of the last. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? '0' : `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`
}
