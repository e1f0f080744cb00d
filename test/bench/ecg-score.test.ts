import { expect } from 'chai'
import { parseAnnotations } from '../../bench/ecg/annotations.js'
import { readRecord } from '../../bench/ecg/record.js'
import { run } from '../../bench/ecg/run.js'
import { scoreBeats } from '../../bench/ecg/score.js'
import { sharedData } from '../support/shared-data.js'

const TEXT = `      Time   Sample#  Type  Sub Chan  Num\tAux
    0:00.050       18     +    0    0    0\t(N
    0:00.214       77     N    0    0    0
    0:01.028      370     V    0    0    0
    0:01.100      396     ~    2    0    0
    0:02.000      720     +    0    0    0\t(AFIB
    0:03.000     1080     [    0    0    0
    0:03.100     1100     !    0    0    0
    0:04.000     1440     ]    0    0    0
[00:00:05.000 01/01/2000]     1800     /    0    0    0
`

describe('bench: annotations', () => {
  it('takes beats, flutter and rhythms from what rdann prints', () => {
    expect(parseAnnotations(TEXT)).to.deep.equal({
      beats: [77, 370, 1800],
      flutter: [{ from: 1080, to: 1441 }],
      rhythms: [
        { from: 18, to: 720, name: 'N' },
        { from: 720, to: Number.POSITIVE_INFINITY, name: 'AFIB' },
      ],
    })
  })

  it('names the line that is none', () => {
    expect(() => parseAnnotations(`${TEXT}nonsense\n`)).to.throw('Line 11')
  })
})

describe('bench: scoring', () => {
  const score = (reference: number[], found: number[], options = {}) =>
    scoreBeats(reference, found, { rateHz: 1000, learningS: 0, ...options })

  it('pairs one to one within 150 ms', () => {
    expect(score([1000, 2000], [1150, 1849])).to.deep.equal({ tp: 1, missed: [2000], extra: [1849] })
    expect(score([1000], [950, 1010])).to.deep.equal({ tp: 1, missed: [], extra: [950] })
    expect(score([1000, 1140], [1130])).to.deep.equal({ tp: 1, missed: [1000], extra: [] })
    expect(score([], [5])).to.deep.equal({ tp: 0, missed: [], extra: [5] })
  })

  it('does not score the learning time and flutter', () => {
    expect(score([1000, 6000, 7000], [1500, 6500, 7000], { learningS: 5 })).to.deep.equal({
      tp: 1,
      missed: [6000],
      extra: [6500],
    })
    expect(score([1000, 5000], [2000, 5000], { flutter: [{ from: 1500, to: 3000 }] })).to.include({ tp: 1 })
    expect(score([1000, 5000], [2000, 5000], { flutter: [{ from: 1500, to: 3000 }] }).extra).to.deep.equal([])
  })
})

describe('beats in real recordings', () => {
  for (const name of ['100', '106', '202', '223', '231']) {
    it(`finds 99.5 % of ${name}, and as few others`, async function () {
      const path = sharedData(this, `mitdb/${name}.hea`).replace(/\.hea$/, '')
      const { score, latencyMs } = run(await readRecord(path, 0))
      expect(score.tp / (score.tp + score.missed.length)).to.be.greaterThan(0.995)
      expect(score.tp / (score.tp + score.extra.length)).to.be.greaterThan(0.995)
      expect(latencyMs).to.be.lessThan(1500)
    })
  }
})
