import { expect } from 'chai'
import fc from 'fast-check'
import { byteRange, Checksum, decodeSamples, type SampleFormat } from '#gateway/intake/transports/replay/samples.js'

/** The other direction, for round trips. */
function encode(format: SampleFormat, samples: readonly number[]): Uint8Array {
  const { length } = byteRange(format, 0, samples.length)
  const bytes = new Uint8Array(length)
  for (const [i, sample] of samples.entries()) {
    if (format === 16) new DataView(bytes.buffer).setInt16(i * 2, sample, true)
    else {
      const at = Math.floor(i / 2) * 3
      const word = sample & 0xfff
      const low = i % 2 === 0 ? at : at + 2
      bytes[low] = word & 0xff
      bytes[at + 1] = (bytes[at + 1] as number) | ((word >> 8) << (i % 2 === 0 ? 0 : 4))
    }
  }
  return bytes
}

describe('WFDB sample formats', () => {
  it('decodes the bytes of signal(5) in format 212: low bytes outside, high halves in the middle', () => {
    const bytes = Uint8Array.of(0xe3, 0x33, 0xf3, 0xff, 0x8f, 0x00)
    expect([...decodeSamples(212, bytes, 0, 4)]).to.deep.equal([995, 1011, -1, -2048])
  })

  it('decodes format 16 least significant byte first', () => {
    expect([...decodeSamples(16, Uint8Array.of(0xe3, 0x03, 0x00, 0x80, 0xff, 0xff), 0, 3)]).to.deep.equal([
      995, -32768, -1,
    ])
  })

  for (const [format, min, max] of [
    [212, -2048, 2047],
    [16, -32768, 32767],
  ] as const) {
    it(`finds any run of samples of a format ${format} file again`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 60 }),
          fc.nat(),
          fc.nat(),
          (all, a, b) => {
            const first = a % all.length
            const count = 1 + (b % (all.length - first))
            const { start, length } = byteRange(format, first, count)
            const file = encode(format, all)
            expect(start + length).to.be.at.most(file.length)
            const decoded = decodeSamples(format, file.slice(start, start + length), first, count)
            expect([...decoded]).to.deep.equal(all.slice(first, first + count))
          },
        ),
      )
    })
  }

  it('sums a checksum in 16 bits, written with or without a sign', () => {
    const sum = new Checksum(16)
    for (const sample of [30_000, 30_000, 5]) sum.add(sample)
    expect(sum.matches(60_005)).to.equal(true)
    expect(sum.matches(60_005 - 65_536)).to.equal(true)
    expect(sum.matches(60_004)).to.equal(false)
  })

  it('takes a checksum that counts a missing value as stored, or as −32768', () => {
    const sum = new Checksum(212)
    for (const sample of [-2048, 7]) sum.add(sample)
    expect(sum.matches(-2041)).to.equal(true)
    expect(sum.matches(-32_761)).to.equal(true)
    expect(sum.matches(-2040)).to.equal(false)
  })
})
