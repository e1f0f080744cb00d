/** CRC-16/CCITT-FALSE as firmware/PROTOCOL.md uses it: poly 0x1021, init 0xFFFF, no reflection, no final xor. */
const table = Uint16Array.from({ length: 256 }, (_, byte) => shifted(byte << 8))
/** What a byte has become one, two and three bytes later: four bytes at a step, which do not wait for each other. */
const table1 = table.map(shifted)
const table2 = table1.map(shifted)
const table3 = table2.map(shifted)

/** The register after eight bits of zero. */
function shifted(register: number): number {
  let crc = register
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc & 0xffff
}

/**
 * @param data bytes, or text of one byte a character; of it what stands from `start` on, before `end`.
 * Check value: `crc16('123456789') === 0x29B1`.
 */
export function crc16(data: string | Uint8Array, start = 0, end = data.length): number {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
  let crc = 0xffff
  let i = start
  for (; i + 4 <= end; i += 4) {
    crc =
      (table3[(crc >> 8) ^ (bytes[i] as number)] as number) ^
      (table2[(crc & 0xff) ^ (bytes[i + 1] as number)] as number) ^
      (table1[bytes[i + 2] as number] as number) ^
      (table[bytes[i + 3] as number] as number)
  }
  for (; i < end; i++) crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ (bytes[i] as number)] as number)
  return crc
}

/** The four upper-case digits that stand after `*`. */
export function crc16Hex(data: string | Uint8Array): string {
  return crc16(data).toString(16).toUpperCase().padStart(4, '0')
}
