/** Recordings of real fibrillation, flutter and standstill, and of hearts that have neither. */
import { expect } from 'chai'
import { type BenchRecord, readRecord } from '../../bench/ecg/record.js'
import { type Run, run } from '../../bench/ecg/run.js'
import { sharedData } from '../support/shared-data.js'

const load = async (test: Mocha.Context, name: string, annotated = true): Promise<BenchRecord> =>
  readRecord(sharedData(test, `${name}.hea`).replace(/\.hea$/, ''), 0, annotated)
const types = ({ events }: Run) => events.map(({ type }) => type)

function expectAlarmed({ fibrillation: { delays, seconds, found, rateKnown } }: Run): void {
  expect(delays).to.not.deep.equal([])
  for (const delay of delays) expect(delay).to.be.a('number').most(10)
  expect(found / seconds).to.be.above(0.95)
  // Until the first window shows it a rate of before stands.
  expect(rateKnown / seconds).to.be.below(0.1)
}

describe('fibrillation in real recordings', () => {
  for (const name of ['cudb/cu01', 'vfdb/430', 'mitdb/207']) {
    it(`alarms every episode of 10 s and more within 10 s in ${name}`, async function () {
      this.timeout(30_000)
      expectAlarmed(run(await load(this, name)))
    })
  }

  it('alarms within 10 s in challenge2015/f545l, whose verdict has no annotations', async function () {
    const record = await load(this, 'challenge2015/f545l', false)
    // Read off the trace: beats to 0:22, waves from there to the end.
    const rhythms = [{ from: 22.3 * record.rateHz, to: Number.POSITIVE_INFINITY, name: 'VF' }]
    expectAlarmed(run({ ...record, reference: { beats: [], flutter: [], rhythms } }))
  })

  it('raises the true asystole of challenge2015/a161l within 10 s, and no fibrillation', async function () {
    const result = run(await load(this, 'challenge2015/a161l', false))
    const asystole = result.events.findIndex(({ type }) => type === 'asystole-begin')
    // The last beat is at 4:54.1.
    expect(result.told[asystole]).to.be.within(294.1, 304.1)
    expect(types(result)).to.not.include('fibrillation-begin')
  })

  it('raises neither in challenge2015/a152s, whose asystole was false', async function () {
    const result = types(run(await load(this, 'challenge2015/a152s', false)))
    expect(result).to.not.include('asystole-begin')
    expect(result).to.not.include('fibrillation-begin')
  })

  for (const name of '100 101 103 106 114 117 119 202 203 217 219 222 223 231'.split(' ')) {
    it(`raises neither in mitdb/${name}`, async function () {
      this.timeout(30_000)
      const result = types(run(await load(this, `mitdb/${name}`)))
      expect(result).to.not.include('fibrillation-begin')
      expect(result).to.not.include('asystole-begin')
    })
  }
})
