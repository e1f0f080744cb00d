import { expect } from 'chai'
import fc from 'fast-check'
import { IrregularityWatch } from '#gateway/clinical/signals/ecg/irregularity.js'
import { signed } from '#simulators/patient/noise.js'

/** Whether it is ever called irregular. */
function raised(intervals: readonly number[]): boolean {
  const watch = new IrregularityWatch()
  let at = 0
  return intervals
    .map((ms, i) => {
      at += ms
      return watch.push(ms, at, i > 0)?.change === 'begin'
    })
    .some(Boolean)
}
const row = (of: (i: number) => number) => Array.from({ length: 200 }, (_, i) => of(i))
const seeds = fc.integer({ min: 0, max: 1e6 })

describe('IrregularityWatch', () => {
  it('calls intervals without any pattern irregular', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 450, max: 1100 }), (seed, mean) =>
        raised(row((i) => mean * (1 + 0.3 * (signed(seed, 2 * i) + signed(seed, 2 * i + 1))))),
      ),
      { numRuns: 50 },
    )
  })

  it('does not call these irregular', () => {
    const sinus = (seed: number) => (i: number) => 850 * (1 + 0.04 * Math.sin(i / 0.8) + 0.01 * signed(seed, i))
    fc.assert(
      fc.property(seeds, (seed) => {
        const beat = sinus(seed)
        expect(raised(row(beat)), 'breathing').to.equal(false)
        expect(raised(row((i) => beat(i) * (i % 2 ? 0.65 : 1.35))), 'every second beat early').to.equal(false)
        expect(raised(row((i) => beat(i) * ([1, 0.65, 1.35][i % 3] as number))), 'every third').to.equal(false)
        expect(raised(row((i) => 1000 - 2.5 * i + 4 * signed(seed, i))), 'exertion').to.equal(false)
        const extra = (i: number) =>
          signed(seed + 1, Math.floor(i / 5)) * 5 - 5 * Math.floor(signed(seed + 1, Math.floor(i / 5)))
        const place = (i: number) => i % 5 === Math.floor(extra(i)) % 4
        expect(
          raised(row((i) => beat(i) * (place(i) ? 0.65 : i > 0 && place(i - 1) ? 1.35 : 1))),
          'extra beats',
        ).to.equal(false)
      }),
      { numRuns: 50 },
    )
  })
})
