import { expect } from 'chai'
import fc from 'fast-check'
import { SampleRow } from '#gateway/clinical/analyse/sample-row.js'
import type { Reading } from '#gateway/model/reading.js'

const reading = (at: number, clockMs?: number): Reading => ({
  sensor: 'ecg',
  deviceId: 'kit-1',
  status: 'ok',
  at,
  ...(clockMs !== undefined && { clockMs }),
  value: { type: 'none' },
  remarks: [],
})

describe('a row of samples', () => {
  it('counts what is lost on the source’s clock, whatever the blocks, and its end is where the samples are', () => {
    const block = fc.record({ length: fc.integer({ min: 1, max: 60 }), lost: fc.integer({ min: 0, max: 500 }) })
    const period = fc.constantFrom(2, 4, 1000 / 360, 40)
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 30 }), period, (blocks, periodMs) => {
        const row = new SampleRow()
        let index = 0
        blocks.forEach(({ length, lost }, i) => {
          // One sample is a rounding.
          const missing = i === 0 || lost < 2 ? 0 : lost
          index += missing
          const clock = Math.round(1000 + index * periodMs)
          expect(row.place(reading(50_000 + clock, clock), periodMs, length)).to.be.closeTo(missing, 1)
          index += length
          expect(row.at(row.ms)).to.be.closeTo(51_000 + index * periodMs, 1)
        })
        expect(row.ms).to.be.closeTo(index * periodMs, blocks.length * periodMs)
      }),
    )
  })

  it('leaves a gap of a second at least where the source started anew, by the gateway’s clock', () => {
    for (const [later, lost] of [
      [200, 250],
      [8000, 2000],
    ] as const) {
      const row = new SampleRow()
      row.place(reading(10_000, 900_000), 4, 250)
      row.break()
      expect(row.place(reading(11_000 + later, 40), 4, 25)).to.equal(lost)
    }
  })

  it('takes a clock that goes back for a new start', () => {
    const row = new SampleRow()
    row.place(reading(10_000, 900_000), 4, 250)
    expect(row.place(reading(11_500, 300_000), 4, 25)).to.equal(250)
  })
})
