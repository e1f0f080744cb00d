import { HomebeatError } from '#gateway/platform/errors.js'

/** The ATmega328P's program memory, in 16-bit words. */
const FLASH_WORDS = 0x4000

/**
 * Reads an Intel HEX file (record types 00 and 01, as objcopy writes for a 32 KB part) into program memory.
 * @throws HomebeatError `board.hex` with the line number when it is damaged.
 */
export function parseIntelHex(text: string): Uint16Array {
  const flash = new Uint8Array(FLASH_WORDS * 2).fill(0xff)
  const lines = text.split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const bytes = recordBytes(line, index + 1)
    const [count = 0, high = 0, low = 0, type = 0] = bytes
    if (type === 1) return new Uint16Array(flash.buffer)
    if (type !== 0) throw damaged(index + 1, `record type ${type} is not expected here`)
    const address = high * 256 + low
    if (bytes.length !== count + 5 || address + count > flash.length) throw damaged(index + 1, 'its length is wrong')
    flash.set(bytes.subarray(4, 4 + count), address)
  }
  throw damaged(lines.length, 'the end record is missing')
}

function recordBytes(line: string, number: number): Uint8Array {
  if (!/^:(?:[0-9A-Fa-f]{2}){5,}$/.test(line)) throw damaged(number, 'it is no Intel HEX record')
  const bytes = Uint8Array.from(Buffer.from(line.slice(1), 'hex'))
  if (bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0) !== 0) throw damaged(number, 'its checksum is wrong')
  return bytes
}

function damaged(line: number, why: string): HomebeatError {
  return new HomebeatError(
    'board.hex',
    `The firmware file is damaged at line ${line}: ${why}. Run npm run firmware:build.`,
  )
}
