import { expect } from 'chai'
import { judge, type WindowFeatures, WindowMeter } from '#gateway/clinical/signals/ecg/quality.js'

const CLEAN: WindowFeatures = { samples: 250, lost: 0, railed: 0, span: 210, wander: 15, step: 10, hum: 2, muscle: 1 }
const BEATS = { amplitude: 200, noiseShare: 0.05, rate: 75, disagreement: 0 }

/** One second at 250 Hz. */
function measure(sample: (i: number) => number | null, rateHz = 250) {
  const meter = new WindowMeter({ rateHz, length: rateHz, lowest: 2, highest: 1021 })
  for (let i = 0; i < rateHz; i++) {
    const x = sample(i)
    if (x === null) meter.lose()
    else meter.push(x)
  }
  return meter.take()
}

describe('ECG quality', () => {
  it('is good when nothing speaks against it', () => {
    expect(judge(CLEAN, BEATS)).to.deep.equal({ grade: 'good', reasons: [] })
  })

  for (const [reason, grade, features, beats] of [
    ['lost-samples', 'poor', { lost: 10 }, {}],
    ['lost-samples', 'bad', { lost: 125 }, {}],
    ['saturated', 'bad', { railed: 60 }, {}],
    ['flat', 'bad', { span: 1, wander: 0, step: 0, hum: 0, muscle: 0 }, {}],
    ['motion', 'bad', { step: 600 }, {}],
    ['motion', 'poor', { span: 900 }, {}],
    ['baseline-wander', 'poor', { wander: 300 }, {}],
    ['muscle-noise', 'poor', { muscle: 20 }, {}],
    ['muscle-noise', 'bad', { muscle: 60 }, {}],
    ['mains-hum', 'poor', { hum: 30 }, {}],
    ['noise-between-beats', 'bad', {}, { noiseShare: 0.6 }],
    ['impossible-rate', 'bad', {}, { rate: 360 }],
    ['detectors-disagree', 'bad', {}, { disagreement: 0.6 }],
  ] as const) {
    it(`is ${grade} for ${reason}: ${JSON.stringify({ ...features, ...beats })}`, () => {
      expect(judge({ ...CLEAN, ...features }, { ...BEATS, ...beats })).to.deep.equal({ grade, reasons: [reason] })
    })
  }

  it('measures what is in the trace', () => {
    for (const rateHz of [125, 250, 360, 500]) {
      const hum = measure((i) => 512 + 40 * Math.sin((2 * Math.PI * 50 * i) / rateHz), rateHz)
      expect(hum.hum).to.be.closeTo(40, 1)
      expect(measure((i) => 512 + (i > rateHz / 2 ? 300 : 0), rateHz).step).to.be.closeTo(300, 10)
    }
    expect(measure(() => 1023)).to.include({ railed: 250, span: 0 })
    expect(measure((i) => (i < 100 ? null : 512))).to.include({ lost: 100, samples: 250 })
    expect(measure((i) => (i % 2 ? 500 : 520)).muscle).to.be.closeTo(10, 1)
  })
})
