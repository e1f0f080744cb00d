import { expect } from 'chai'
import fc from 'fast-check'
import { crc16, crc16Hex } from '#gateway/intake/transports/serial/crc16.js'

/** Bit by bit, as the polynomial is defined. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const out = (crc >> 15) ^ ((byte >> bit) & 1)
      crc = ((crc << 1) & 0xffff) ^ (out ? 0x1021 : 0)
    }
  return crc
}

describe('CRC-16/CCITT-FALSE', () => {
  it('gives the check value of its catalogue entry', () => {
    expect(crc16('123456789')).to.equal(0x29b1)
    expect(crc16('')).to.equal(0xffff)
    expect(crc16Hex('')).to.equal('FFFF')
  })

  it('is the remainder of its polynomial, for text as for bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(crc16(bytes)).to.equal(bitwise(bytes))
        expect(crc16(Buffer.from(bytes).toString('latin1'))).to.equal(bitwise(bytes))
      }),
    )
  })

  it('finds every single and double bit error in a line of 120 bytes, and every burst of 16 bits', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 120, maxLength: 120 }),
        fc.integer({ min: 0, max: 959 }),
        fc.integer({ min: 0, max: 959 }),
        fc.integer({ min: 1, max: 0xffff }),
        (bytes, a, b, burst) => {
          const flip = (bits: number[]) => {
            const copy = Uint8Array.from(bytes)
            for (const bit of bits) copy[bit >> 3] = (copy[bit >> 3] as number) ^ (0x80 >> (bit & 7))
            return crc16(copy)
          }
          expect(flip([a])).to.not.equal(crc16(bytes))
          if (a !== b) expect(flip([a, b])).to.not.equal(crc16(bytes))
          const start = Math.min(a, 943)
          const burstBits = Array.from({ length: 16 }, (_, i) => start + i).filter((_, i) => burst & (1 << i))
          expect(flip(burstBits)).to.not.equal(crc16(bytes))
        },
      ),
      { numRuns: 200 },
    )
  })
})
