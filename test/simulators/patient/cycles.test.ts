import { expect } from 'chai'
import fc from 'fast-check'
import { Cycles } from '#simulators/patient/cycles.js'
import { uniform } from '#simulators/patient/noise.js'

const build = () => new Cycles((index) => 400 + 800 * uniform(5, index), -300)
const at = (cycles: Cycles, t: number) => {
  cycles.seek(t)
  return [cycles.index, cycles.start, cycles.length]
}

describe('Cycles', () => {
  it('holds every instant sought, each cycle following the one before', () => {
    const cycles = build()
    let end = -300
    for (let t = 0, index = -1; t < 60_000; t += 7) {
      cycles.seek(t)
      expect(t).to.be.within(cycles.start, cycles.start + cycles.length)
      expect(cycles.phase(t)).to.be.within(0, 0.999999)
      if (cycles.index === index) continue
      expect(cycles.index).to.equal(index + 1)
      expect(cycles.start).to.equal(end)
      end = cycles.start + cycles.length
      index = cycles.index
    }
  })

  it('answers the same in any order, also long before what it keeps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000_000 }), { minLength: 1, maxLength: 12 }), (times) => {
        const cycles = build()
        for (const t of times) expect(at(cycles, t)).to.deep.equal(at(build(), t))
      }),
      { numRuns: 30 },
    )
  })

  it('keeps a length within what a body can do', () => {
    const cycles = new Cycles(() => Number.NEGATIVE_INFINITY, 0)
    expect(at(cycles, 1000)).to.deep.equal([4, 1000, 250])
  })

  it('refuses a time that is no number instead of never ending', () => {
    expect(() => build().seek(Number.POSITIVE_INFINITY)).to.throw(RangeError)
    expect(() => build().seek(Number.NaN)).to.throw(RangeError)
  })
})
