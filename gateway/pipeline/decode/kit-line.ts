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

/** `!T,SSSS,TTTTTTTT,body*CCCC`. */
const SHAPE = /^!([A-Z]),([0-9A-F]{4}),([0-9A-F]{8}),([\x20-\x7e]*)\*([0-9A-F]{4})$/

/** With the LF a line has at most 120 bytes. */
export const MAX_LINE_TEXT = 119

export function parseKitLine(line: string): KitLine | { readonly error: 'kit-line' | 'crc' } {
  if (line.length > MAX_LINE_TEXT) return { error: 'kit-line' }
  const match = SHAPE.exec(line)
  if (!match) return { error: 'kit-line' }
  const [, type = '', seq = '', ms = '', body = '', crc = ''] = match
  if (crc16(line.slice(1, -5)) !== Number.parseInt(crc, 16)) return { error: 'crc' }
  return { type, seq: Number.parseInt(seq, 16), ms: Number.parseInt(ms, 16), fields: body.split(',') }
}

/** RFC 4648 §4 alphabet → 6 bits; -1 for anything else. */
const DIGITS = (() => {
  const table = new Int8Array(128).fill(-1)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i
  return table
})()

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

/** An unsigned decimal of at most `digits` digits, or null. */
export function decimal(text: string | undefined, digits = 10): number | null {
  if (text === undefined || text.length === 0 || text.length > digits || !/^[0-9]+$/.test(text)) return null
  return Number(text)
}
