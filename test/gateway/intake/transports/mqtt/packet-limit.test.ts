import type { Socket } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { limitPackets, PacketLimit } from '#gateway/intake/transports/mqtt/packet-limit.js'

/** Fixed header (MQTT 3.1.1, 2.2) and so many bytes, all of which look like the digits of a length. */
function packet(bytes: number): Buffer {
  const header = [0x30]
  let left = bytes
  do {
    header.push((left % 128) | (left >= 128 ? 0x80 : 0))
    left = Math.floor(left / 128)
  } while (left > 0)
  return Buffer.concat([Buffer.from(header), Buffer.alloc(bytes, 0x80)])
}

describe('The packet limit', () => {
  const lengths = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 })), { minLength: 1, maxLength: 10 })

  it('refuses exactly when one of the packets is too long, however the bytes are cut', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 700 }), (list, size) => {
        const bytes = Buffer.concat(list.map(packet))
        const limit = new PacketLimit({ first: 1000, every: 2000 })
        let accepted = true
        for (let at = 0; at < bytes.length && accepted; at += size)
          accepted = limit.accept(bytes.subarray(at, at + size))
        expect(accepted).to.equal(Math.max(...list) <= 2000 && (list[0] as number) <= 1000)
      }),
    )
  })

  it('refuses a length of five digits', () => {
    expect(
      new PacketLimit({ first: 1e9, every: 1e9 }).accept(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01)),
    ).to.equal(false)
  })

  /** What a reader gets of bytes that come cut so. */
  const readOf = (chunks: readonly Buffer[]): Buffer[] => {
    let next = 0
    const socket = { read: () => chunks[next++] ?? null, destroy: () => {} } as unknown as Socket
    limitPackets(socket, { first: 300_000, every: 300_000 }, { mayGoOn: () => true, exceeded: () => {} })
    return chunks.flatMap(() => socket.read() ?? [])
  }

  it('gives its reader every byte as soon as its packet is whole, however the bytes are cut', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 3000 }), (list, size) => {
        const bytes = Buffer.concat(list.map(packet))
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        )
        expect(Buffer.concat(readOf(chunks)).equals(bytes)).to.equal(true)
      }),
    )
  })

  it('gives it no thousands of small parts: a packet that drips takes no more memory than its bytes', () => {
    const dripping = [...packet(256 * 1024)].map((byte) => Buffer.of(byte))
    const parts = readOf(dripping)
    expect(parts.length).to.be.at.most(17)
    expect(Buffer.concat(parts)).to.have.length(dripping.length)
  })
})
