/** The envelope of a kit line (firmware/PROTOCOL.md): shape and CRC. Knows nothing of what the body means. */
import { crc16 } from '#gateway/transports/serial/crc16.js'

export interface KitLine {
  readonly type: string
  /** 0–65535. */
  readonly seq: number
  /** Milliseconds since the kit's boot, modulo 2^32. */
  readonly ms: number
  readonly fields: readonly string[]
}

/** `!T,SSSS,TTTTTTTT,body*CCCC`: where its parts stand. */
const TYPE = 1
const SEQ = 3
const MS = 8
const BODY = 17
/** Characters from the `*` on. */
const TAIL = 5
const code = (character: string) => character.charCodeAt(0)
const BANG = code('!')
const COMMA = code(',')
const STAR = code('*')
const SPACE = code(' ')
const TILDE = code('~')
const A = code('A')
const Z = code('Z')

/** With the LF a line has at most 120 bytes. */
export const MAX_LINE_TEXT = 119

/** The line being parsed, as bytes: several times faster to go through than the text. */
const bytes = Buffer.alloc(MAX_LINE_TEXT)

export function parseKitLine(line: string): KitLine | { readonly error: 'kit-line' | 'crc' } {
  const star = line.length - TAIL
  if (line.length > MAX_LINE_TEXT || star < BODY) return { error: 'kit-line' }
  bytes.write(line, 'latin1')
  const type = bytes[TYPE] as number
  const seq = hex(SEQ, 4)
  const ms = hex(MS, 8)
  const crc = hex(star + 1, 4)
  const framed =
    bytes[0] === BANG &&
    type >= A &&
    type <= Z &&
    bytes[SEQ - 1] === COMMA &&
    bytes[MS - 1] === COMMA &&
    bytes[BODY - 1] === COMMA &&
    bytes[star] === STAR
  if (!framed || seq < 0 || ms < 0 || crc < 0) return { error: 'kit-line' }
  const fields = fieldsOf(line, star)
  if (!fields) return { error: 'kit-line' }
  if (crc16(bytes, 1, star) !== crc) return { error: 'crc' }
  return { type: line.charAt(TYPE), seq, ms, fields }
}

/** The body between its commas, or null when it has other characters than the printable ones. */
function fieldsOf(line: string, end: number): string[] | null {
  const fields: string[] = []
  let start = BODY
  for (let i = BODY; i < end; i++) {
    const byte = bytes[i] as number
    if (byte < SPACE || byte > TILDE) return null
    if (byte !== COMMA) continue
    fields.push(line.slice(start, i))
    start = i + 1
  }
  fields.push(line.slice(start, end))
  return fields
}

/** Upper-case hex digits → their number, or -1. */
function hex(start: number, digits: number): number {
  let value = 0
  for (let i = start; i < start + digits; i++) {
    const digit = HEX_DIGITS[bytes[i] as number] ?? -1
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

const HEX_DIGITS = digitsOf('0123456789ABCDEF')

/** RFC 4648 §4 alphabet → 6 bits; -1 for anything else. */
const DIGITS = digitsOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

function digitsOf(alphabet: string): Int8Array {
  const table = new Int8Array(128).fill(-1)
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  return table
}

/** Two base64 digits to each 12-bit number, or null when the text is not that. */
export function unpack(text: string): number[] | null {
  if (text.length % 2 !== 0) return null
  const values = new Array<number>(text.length / 2)
  for (let i = 0; i < values.length; i++) {
    const high = DIGITS[text.charCodeAt(2 * i)] ?? -1
    const low = DIGITS[text.charCodeAt(2 * i + 1)] ?? -1
    if (high < 0 || low < 0) return null
    values[i] = high * 64 + low
  }
  return values
}

const ZERO = code('0')

/** An unsigned decimal of at most `digits` digits, or null. */
export function decimal(text: string | undefined, digits = 10): number | null {
  if (text === undefined || text.length === 0 || text.length > digits) return null
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return null
    value = value * 10 + digit
  }
  return value
}
