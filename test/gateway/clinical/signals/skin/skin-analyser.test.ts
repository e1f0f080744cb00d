import { expect } from 'chai'
import { conductanceFromCounts } from '#gateway/clinical/sensors/gsr/definition.js'
import { SkinAnalyser } from '#gateway/clinical/signals/skin/skin-analyser.js'
import { createPatient } from '#simulators/patient/patients.js'
import { expectBlocksNotToMatter, gaussian } from '#test/gateway/clinical/signals/blocks.js'

type Signal = (t: number) => number | null
/** As the converter shows it: steps of 0.1 µS. */
const step = (value: number) => Math.round(value / 0.098) * 0.098
const level = (microsiemens: number, slope = 0): Signal => {
  const random = gaussian(3)
  return (t) => step(microsiemens + (slope * t) / 60 + 0.02 * random())
}
const sampled = (...parts: [seconds: number, signal: Signal][]) =>
  parts.flatMap(([seconds, signal]) => Array.from({ length: seconds * 4 }, (_, i) => signal(i / 4)))
const analyse = (...parts: [number, Signal][]) => new SkinAnalyser({ rateHz: 4 }).push(sampled(...parts))

describe('the skin analyser', () => {
  it('tells the tonic level by the minute', () => {
    const minutes = analyse([720, level(5, 0.3)])
    expect(minutes.map(({ at }) => at)).to.deep.equal(Array.from({ length: 12 }, (_, i) => (i + 1) * 60_000))
    expect(minutes.at(-1)?.tonic).to.be.closeTo(5 + 0.3 * 11.5, 0.15)
  })

  it('follows the virtual patient who sweats', () => {
    const patient = createPatient({ script: 'hypoglycaemia', seed: 3 })
    const samples = Array.from({ length: 480 }, (_, i) => {
      const counts = Math.round(((0.5 + patient.vitals(i * 250).skinConductance / 20) * 1023) / 5)
      return conductanceFromCounts(counts)
    })
    expect(new SkinAnalyser({ rateHz: 4 }).push(samples)[1]?.tonic).to.be.closeTo(14, 0.5)
  })

  it('gives no number of a minute with electrodes off, at the rail, or lost', () => {
    for (const without of [level(0.4), level(89.6), () => null]) {
      const minutes = analyse([60, level(5)], [60, without], [60, level(5)])
      expect(minutes.map(({ tonic }) => tonic === null)).to.deep.equal([false, true, false])
    }
    expect(analyse([31, level(5)], [29, () => null])[0]?.tonic).to.be.closeTo(5, 0.1)
  })

  it('goes on after a reset, on its own clock', () => {
    const analyser = new SkinAnalyser({ rateHz: 4 })
    analyser.push(sampled([330, level(9)]))
    analyser.reset(60_000)
    const [minute] = analyser.push(sampled([60, level(5)]))
    expect(minute?.at).to.equal(450_000)
    expect(minute?.tonic).to.be.closeTo(5, 0.1)
    expect(() => new SkinAnalyser({ rateHz: 100 })).to.throw(RangeError)
  })

  it('says the same however the signal is cut', () => {
    const samples = sampled([200, level(5, 1)], [10, () => null], [200, level(6)])
    expectBlocksNotToMatter(() => new SkinAnalyser({ rateHz: 4 }), samples)
  })
})
