/** CRC-16/CCITT-FALSE as firmware/PROTOCOL.md uses it: poly 0x1021, init 0xFFFF, no reflection, no final xor. */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc
})

/** @param data bytes, or text of one byte a character. Check value: `crc16('123456789') === 0x29B1`. */
export function crc16(data: string | Uint8Array): number {
  let crc = 0xffff
  for (let i = 0; i < data.length; i++) {
    const byte = typeof data === 'string' ? data.charCodeAt(i) & 0xff : (data[i] as number)
    crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] as number)
  }
  return crc
}

/** The four upper-case digits that stand after `*`. */
export function crc16Hex(data: string | Uint8Array): string {
  return crc16(data).toString(16).toUpperCase().padStart(4, '0')
}
