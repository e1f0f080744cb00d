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

  it('tells the tension of the virtual patient from rest', () => {
    const patient = createPatient({ script: 'steady', seed: 2 })
    const samples = Array.from({ length: 60 * 250 }, (_, i) => Math.round((patient.emg(i * 4) * 1023) / 5))
    const events = new MuscleAnalyser({ rateHz: 250 }).push(samples)
    const seconds = only(events, 'envelope').map(({ rms }) => rms ?? 0)
    expect(Math.max(...seconds)).to.be.above(10 * Math.min(...seconds))
    expect(graded(events)).to.deep.equal([])
  })

  it('grades hum, rails, movement, loose electrodes and what is lost, and then gives no number', () => {
    const hum = (height: number): Signal => {
      const random = gaussian(9)
      return (t) => Math.round(512 + height * Math.sin(2 * Math.PI * 50 * t) + 2 * random())
    }
    expect(graded(analyse([5, hum(20)]))).to.include('bad mains-hum')
    const loose = analyse([8, rest], [5, hum(120)])
    expect(graded(loose)).to.include('bad electrode-loose')
    expect(only(loose, 'envelope').at(-1)?.rms).to.equal(null)
    expect(graded(analyse([5, () => 1023]))).to.include('bad saturated')
    expect(graded(analyse([5, () => 512]))).to.include('bad flat')
    expect(graded(analyse([5, () => null]))).to.include('bad lost-samples')
    const tugged: Signal = (t) => Math.round((rest(t) ?? 0) + (t > 3 && t < 3.4 ? 300 : 0))
    expect(graded(analyse([6, tugged]))).to.include('bad electrode-movement')
  })

  it('goes on after lost samples', () => {
    const events = analyse([20, rest], [2, () => null], [5, rest], [1, noise(60, 5)], [3, rest])
    const envelopes = only(events, 'envelope')
    expect(envelopes.filter(({ rms }) => rms === null)).to.have.length(2)
    expect(envelopes.find(({ rms }) => (rms ?? 0) > 20)?.at).to.equal(28_000)
  })

  it('goes on after a reset, on its own clock', () => {
    const analyser = new MuscleAnalyser({ rateHz: 250 })
    analyser.push(sampled(250, [10, rest]))
    analyser.reset(5000)
    expect(only(analyser.push(sampled(250, [1, rest])), 'envelope')[0]?.at).to.equal(16_000)
    expect(() => new MuscleAnalyser({ rateHz: 100 })).to.throw(RangeError)
  })

  it('says the same however the signal is cut', () => {
    const samples = sampled(250, [12, rest], [1, noise(60, 5)], [2, () => null], [8, rest])
    expectBlocksNotToMatter(() => new MuscleAnalyser({ rateHz: 250 }), samples)
  })
})
