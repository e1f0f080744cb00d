import { expect } from 'chai'
import fc from 'fast-check'
import { Chunker, type Scale } from '#gateway/clinical/normalise/chunker.js'
import { T0 } from '#test/gateway/engine/frames.js'

const scale: Scale = { origin: 0, factor: 1, lowerLimit: 0, upperLimit: 1023, unit: 'V' }
const block = (clockMs: number, samples: (number | null)[], periodMs = 4, remarks: string[] = []) => ({
  at: T0 + clockMs,
  clockMs,
  periodMs,
  scale,
  samples,
  remarks,
})
const count = (from: number, length: number) => Array.from({ length }, (_, i) => from + i)

describe('the chunker', () => {
  it('never loses, invents or moves a sample, wherever lines are lost', () => {
    const blocks = fc.array(fc.record({ skip: fc.nat(40), length: fc.integer({ min: 1, max: 30 }) }), { maxLength: 60 })
    fc.assert(
      fc.property(blocks, fc.constantFrom(4, 40, 1000 / 360), (runs, periodMs) => {
        const chunker = new Chunker({ chunkMs: 25 * periodMs })
        const sent = new Map<number, number>()
        let place = 0
        const chunks = []
        for (const { skip, length } of runs) {
          // A single missing sample is within the rounding of a timestamp.
          place += skip === 1 ? 0 : skip
          const samples = count(place, length)
          for (const sample of samples) sent.set(sample, sample)
          chunks.push(...chunker.push(block(place * periodMs, samples, periodMs)))
          place += length
        }
        chunks.push(...chunker.flush())
        const got = chunks.flatMap(({ at, samples }) => {
          const first = Math.round((at - T0) / periodMs)
          return samples.flatMap((sample, i) => (sample === null ? [] : [[first + i, sample] as const]))
        })
        expect(got).to.deep.equal([...sent])
        for (const { samples } of chunks) expect(samples.length).to.be.at.most(25)
      }),
    )
  })

  it('gives the same chunks however the same samples are cut into blocks', () => {
    const samples = count(0, 1000)
    const chunksOf = (sizes: number[]) => {
      const chunker = new Chunker({ chunkMs: 1000 })
      const chunks = []
      let from = 0
      for (let i = 0; from < samples.length; i++) {
        const size = sizes[i % sizes.length] ?? 1
        chunks.push(...chunker.push(block(from * 4, samples.slice(from, from + size))))
        from += size
      }
      return [...chunks, ...chunker.flush()]
    }
    const whole = chunksOf([1000])
    expect(whole.map(({ at }) => at - T0)).to.deep.equal([0, 1000, 2000, 3000])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 10 }), (sizes) => {
        expect(chunksOf(sizes)).to.deep.equal(whole)
      }),
    )
  })

  it('says that it has a gap', () => {
    const chunker = new Chunker({ chunkMs: 1000 })
    chunker.push(block(0, [1, 2]))
    chunker.push(block(16, [3], 4, ['lead-off']))
    expect(chunker.flush()).to.deep.equal([
      { at: T0, periodMs: 4, scale, samples: [1, 2, null, null, 3], remarks: ['lead-off', 'gap'] },
    ])
  })

  it('takes a millisecond of rounding for what it is', () => {
    const chunker = new Chunker({ chunkMs: 1000 })
    for (const [i, clock] of [0, 101, 199, 300].entries()) chunker.push(block(clock, count(i * 25, 25)))
    expect(chunker.flush()[0]?.samples).to.deep.equal(count(0, 100))
  })

  it('begins anew after a gap longer than a chunk, a step back or another scale', () => {
    const chunker = new Chunker({ chunkMs: 1000 })
    expect(chunker.push(block(0, [1]))).to.have.length(0)
    expect(chunker.push(block(2000, [2]))).to.have.length(1)
    expect(chunker.push(block(10, [3]))).to.have.length(1)
    expect(chunker.push({ ...block(14, [4]), scale: { ...scale, factor: 2 } })).to.have.length(1)
    expect(chunker.flush().map(({ at, samples }) => [at - T0, samples])).to.deep.equal([[14, [4]]])
  })

  it('keeps no chunk without a single sample', () => {
    const chunker = new Chunker({ chunkMs: 1000 })
    chunker.push(block(0, [null, null]))
    expect(chunker.flush()).to.deep.equal([])
  })
})
