import { expect } from 'chai'
import type { MuscleEvent } from '#gateway/clinical/signals/muscle/events.js'
import { MuscleAnalyser } from '#gateway/clinical/signals/muscle/muscle-analyser.js'
import { createPatient } from '#simulators/patient/patients.js'
import { expectBlocksNotToMatter, gaussian } from '#test/gateway/clinical/signals/blocks.js'

type Of<T extends MuscleEvent['type']> = Extract<MuscleEvent, { type: T }>
const only = <T extends MuscleEvent['type']>(events: readonly MuscleEvent[], ...types: T[]) =>
  events.filter((event): event is Of<T> => (types as string[]).includes(event.type))

type Signal = (t: number) => number | null
/** Counts of white noise around the middle of the converter. */
const noise = (rms: number, seed = 1): Signal => {
  const random = gaussian(seed)
  return () => Math.round(512 + rms * random())
}
const sampled = (rateHz: number, ...parts: [seconds: number, signal: Signal][]) =>
  parts.flatMap(([seconds, signal]) => Array.from({ length: seconds * rateHz }, (_, i) => signal(i / rateHz)))
const analyse = (...parts: [number, Signal][]) => new MuscleAnalyser({ rateHz: 250 }).push(sampled(250, ...parts))
const graded = (events: readonly MuscleEvent[]) =>
  only(events, 'quality').flatMap(({ grade, reasons }) => reasons.map((reason) => `${grade} ${reason}`))
const rest = noise(2)

describe('the muscle analyser', () => {
  for (const rateHz of [250, 500, 1000]) {
    it(`gives the envelope of what lies above the movement band, at ${rateHz} samples a second`, () => {
      // 80 Hz with an amplitude of 50 has an RMS of 35.4; the 1 Hz below it is no muscle.
      const signal: Signal = (t) => 512 + 50 * Math.sin(2 * Math.PI * 80 * t) + 10 * Math.sin(2 * Math.PI * t)
      const events = new MuscleAnalyser({ rateHz }).push(sampled(rateHz, [10, signal]))
      const envelopes = only(events, 'envelope')
      expect(envelopes.map(({ at }) => at)).to.deep.equal(Array.from({ length: 10 }, (_, i) => (i + 1) * 1000))
      expect(envelopes.at(-1)?.rms).to.be.closeTo(35.4, 1)
    })
  }

  it('learns rest and finds bursts with their beginning, length and size', () => {
    const events = analyse([20, rest], [1.2, noise(60, 5)], [5, rest], [0.6, noise(30, 6)], [5, rest])
    expect(only(events, 'envelope').at(-1)?.rest).to.be.closeTo(1.7, 0.5)
    const [first, second] = only(events, 'burst-begin')
    const [end, last] = only(events, 'burst-end')
    expect(only(events, 'burst-begin', 'burst-end')).to.have.length(4)
    expect(first?.at).to.be.within(20_000, 20_100)
    expect(end?.durationMs).to.be.within(1100, 1500)
    expect(end?.peak).to.be.closeTo(55, 12)
    expect(second?.at).to.be.within(26_200, 26_300)
    expect(last?.durationMs).to.be.within(500, 900)
    expect(graded(events)).to.deep.equal([])
  })

  it('finds the bursts of the virtual patient, one in four seconds', () => {
    const patient = createPatient({ script: 'steady', seed: 2 })
    const samples = Array.from({ length: 60 * 250 }, (_, i) => Math.round((patient.emg(i * 4) * 1023) / 5))
    const events = new MuscleAnalyser({ rateHz: 250 }).push(samples)
    expect(only(events, 'burst-begin').length).to.be.within(12, 14)
    expect(graded(events)).to.deep.equal([])
  })

  it('does not take a long tension for rest', () => {
    const events = analyse([20, rest], [90, noise(40, 3)], [10, rest], [1, noise(40, 4)], [3, rest])
    expect(only(events, 'burst-end').map(({ durationMs }) => Math.round(durationMs / 1000))).to.deep.equal([90, 1])
  })

  it('finds next to no burst in an hour of rest', function () {
    this.timeout(30_000)
    expect(only(analyse([3600, rest]), 'burst-begin').length).to.be.below(2)
  })

  it('grades hum, rails, movement, loose electrodes and what is lost, and then gives no number', () => {
    const hum = (height: number): Signal => {
      const random = gaussian(9)
      return (t) => Math.round(512 + height * Math.sin(2 * Math.PI * 50 * t) + 2 * random())
    }
    expect(graded(analyse([5, hum(20)]))).to.include('bad mains-hum')
    const loose = analyse([8, rest], [5, hum(120)])
    expect(graded(loose)).to.include('bad electrode-loose')
    expect(only(loose, 'burst-begin').length).to.be.below(2)
    expect(only(loose, 'envelope').at(-1)?.rms).to.equal(null)
    expect(graded(analyse([5, () => 1023]))).to.include('bad saturated')
    expect(graded(analyse([5, () => 512]))).to.include('bad flat')
    expect(graded(analyse([5, () => null]))).to.include('bad lost-samples')
    const tugged: Signal = (t) => Math.round((rest(t) ?? 0) + (t > 3 && t < 3.4 ? 300 : 0))
    expect(graded(analyse([6, tugged]))).to.include('bad electrode-movement')
  })

  it('goes on after lost samples', () => {
    const events = analyse([20, rest], [2, () => null], [5, rest], [1, noise(60, 5)], [3, rest])
    expect(only(events, 'burst-begin').map(({ at }) => Math.round(at / 100))).to.deep.equal([270])
    expect(only(events, 'envelope').filter(({ rms }) => rms === null)).to.have.length(2)
  })

  it('keeps rest over a reset and learns it again in another session', () => {
    const analyser = new MuscleAnalyser({ rateHz: 250 })
    analyser.push(sampled(250, [10, rest]))
    analyser.reset(5000)
    const next = only(analyser.push(sampled(250, [1, rest])), 'envelope')[0]
    expect(next?.at).to.equal(16_000)
    expect(next?.rest).to.be.above(1)
    analyser.restart(0)
    expect(only(analyser.push(sampled(250, [1, rest])), 'envelope')[0]?.rest).to.equal(null)
    expect(() => new MuscleAnalyser({ rateHz: 100 })).to.throw(RangeError)
  })

  it('says the same however the signal is cut', () => {
    const samples = sampled(250, [12, rest], [1, noise(60, 5)], [2, () => null], [8, rest])
    expectBlocksNotToMatter(() => new MuscleAnalyser({ rateHz: 250 }), samples)
  })
})
