/** The envelope of a kit line (firmware/PROTOCOL.md): shape and CRC. Knows nothing of what the body means. */
import { crc16 } from '#gateway/intake/transports/serial/crc16.js'

export interface KitLine {
  readonly type: string
  /** 0–65535. */
  readonly seq: number
  /** Milliseconds since the kit's boot, modulo 2^32. */
  readonly ms: number
  /** Good until the next line is parsed. */
  readonly fields: KitFields
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
const ZERO = code('0')
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
  if (!framed || seq < 0 || ms < 0 || crc < 0 || !fields.find(star)) return { error: 'kit-line' }
  if (crc16(bytes, 1, star) !== crc) return { error: 'crc' }
  return { type: TYPES[type - A] as string, seq, ms, fields }
}

const TYPES = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']

/** What stands between the commas of a body. Read from its bytes: most fields never have to become text. */
export class KitFields {
  #length = 0
  /** Where each field ends; the next begins behind that. */
  readonly #ends = new Uint8Array(MAX_LINE_TEXT)

  get length(): number {
    return this.#length
  }

  /** Finds them in the line being parsed. @returns false when the body has other characters than the printable ones. */
  find(end: number): boolean {
    const ends = this.#ends
    let length = 0
    for (let i = BODY; i < end; i++) {
      const byte = bytes[i] as number
      if (byte < SPACE || byte > TILDE) return false
      if (byte === COMMA) ends[length++] = i
    }
    ends[length++] = end
    this.#length = length
    return true
  }

  /** undefined where there is no such field. */
  text(index: number): string | undefined {
    return index < this.#length ? bytes.toString('latin1', this.#start(index), this.#ends[index]) : undefined
  }

  texts(): string[] {
    return Array.from({ length: this.#length }, (_, index) => this.text(index) as string)
  }

  /** A field of one character: its code; else -1. */
  letter(index: number): number {
    const start = this.#start(index)
    return index < this.#length && this.#ends[index] === start + 1 ? (bytes[start] as number) : -1
  }

  /** An unsigned decimal of at most `digits` digits, or null. */
  decimal(index: number, digits = 10): number | null {
    if (index >= this.#length) return null
    const start = this.#start(index)
    const end = this.#ends[index] as number
    if (end === start || end - start > digits) return null
    let value = 0
    for (let i = start; i < end; i++) {
      const digit = (bytes[i] as number) - ZERO
      if (digit < 0 || digit > 9) return null
      value = value * 10 + digit
    }
    return value
  }

  /** Numbers of 12 bits (see `unpack`). */
  numbers(index: number): number[] | null {
    return index < this.#length ? unpack(bytes, this.#start(index), this.#ends[index]) : null
  }

  #start(index: number): number {
    return index === 0 ? BODY : (this.#ends[index - 1] as number) + 1
  }
}

const fields = new KitFields()

/** Upper-case hex digits → their number, or -1. */
function hex(start: number, digits: number): number {
  let value = 0
  for (let i = start; i < start + digits; i++) {
    const digit = HEX_DIGITS[bytes[i] as number] as number
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

const HEX_DIGITS = digitsOf('0123456789ABCDEF')

/** RFC 4648 §4 alphabet → 6 bits; -1 for anything else. */
const DIGITS = digitsOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

function digitsOf(alphabet: string): Int8Array {
  const table = new Int8Array(256).fill(-1)
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  return table
}

/** Two base64 digits to each 12-bit number, or null when the text is not that. */
export function unpack(text: Uint8Array, start = 0, end = text.length): number[] | null {
  if ((end - start) % 2 !== 0) return null
  const values = new Array<number>((end - start) / 2)
  for (let i = start, n = 0; i < end; i += 2) {
    const high = DIGITS[text[i] as number] as number
    const low = DIGITS[text[i + 1] as number] as number
    // One test for both: -1 has all bits.
    if ((high | low) < 0) return null
    values[n++] = (high << 6) | low
  }
  return values
}
