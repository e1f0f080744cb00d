import { expect } from 'chai'
import fc from 'fast-check'
import { TraceBuffer } from '#gateway/surfaces/console/web/lib/trace-buffer.js'

const AT = Date.UTC(2026, 0, 1)
const run = (at: number, samples: (number | null)[], periodMs = 4) => ({ at: AT + at, periodMs, unit: 'V', samples })
const all = (buffer: TraceBuffer) => Array.from({ length: buffer.end }, (_, i) => buffer.at(i))

describe('the trace buffer of the page', () => {
  it('joins runs that follow each other, although clocks are only estimated', () => {
    const buffer = new TraceBuffer()
    buffer.push(run(0, [1, 2]))
    buffer.push(run(8 + 30, [3, 4]))
    buffer.push(run(38 + 8 - 20, [5]))
    expect(all(buffer)).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('keeps lost samples and missing time as gaps', () => {
    const buffer = new TraceBuffer()
    buffer.push(run(0, [1, null, 3]))
    buffer.push(run(12 + 100, [4]))
    expect(all(buffer)).to.deep.equal([1, Number.NaN, 3, ...Array(25).fill(Number.NaN), 4])
  })

  it('drops what it already has', () => {
    const buffer = new TraceBuffer()
    buffer.push(run(0, Array(100).fill(1)))
    buffer.push(run(200, Array(60).fill(2)))
    expect(all(buffer)).to.deep.equal([...Array(100).fill(1), ...Array(10).fill(2)])
  })

  it('starts anew when the rate, the unit or the time jumps', () => {
    const buffer = new TraceBuffer()
    buffer.push(run(0, [1]))
    const first = buffer.generation
    buffer.push(run(4, [2], 40))
    buffer.push(run(3_600_000, [3], 40))
    expect(buffer.generation).to.equal(first + 2)
    expect(all(buffer)).to.deep.equal([3])
  })

  it('gives the lowest and highest of what is shown, and nothing for gaps alone', () => {
    const buffer = new TraceBuffer()
    buffer.push(run(0, [2, null, 5, 1, 9]))
    buffer.playhead = 4
    expect(buffer.range(1000)).to.deep.equal({ min: 1, max: 5 })
    buffer.playhead = 2
    expect(buffer.range(4)).to.equal(null)
  })

  it('plays evenly behind bursts: never back, never past the end, never far behind', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 1500 }), fc.constantFrom(4, 40), (burstMs, periodMs) => {
        const buffer = new TraceBuffer()
        const count = Math.ceil(burstMs / periodMs)
        let arrived = 0
        for (let t = 0; t < 12_000; t += 33) {
          while (arrived + count * periodMs <= t) {
            buffer.push(run(arrived, Array(count).fill(1), periodMs))
            arrived += count * periodMs
          }
          const before = buffer.playhead
          buffer.advance(33)
          if (buffer.playhead < before || buffer.playhead > buffer.end) return false
        }
        const behind = (buffer.end - buffer.playhead) * periodMs
        return behind > 0 && behind < count * periodMs * 3 + 1000
      }),
      { numRuns: 60 },
    )
  })
})
