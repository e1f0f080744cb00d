import { expect } from 'chai'
import { conductanceFromCounts } from '#gateway/clinical/sensors/gsr/definition.js'
import type { SkinEvent } from '#gateway/clinical/signals/skin/events.js'
import { SkinAnalyser } from '#gateway/clinical/signals/skin/skin-analyser.js'
import { createPatient } from '#simulators/patient/patients.js'
import { expectBlocksNotToMatter, gaussian } from '#test/gateway/clinical/signals/blocks.js'

type Of<T extends SkinEvent['type']> = Extract<SkinEvent, { type: T }>
const only = <T extends SkinEvent['type']>(events: readonly SkinEvent[], ...types: T[]) =>
  events.filter((event): event is Of<T> => (types as string[]).includes(event.type))

type Signal = (t: number) => number | null
/** As the converter shows it: steps of 0.1 µS. */
const step = (value: number) => Math.round(value / 0.098) * 0.098
const level = (microsiemens: number, slope = 0): Signal => {
  const random = gaussian(3)
  return (t) => step(microsiemens + (slope * t) / 60 + 0.02 * random())
}
/** A response each `every` seconds: up in two, down in about five. */
const responding = (every: number, height: number): Signal => {
  const base = level(5)
  return (t) => {
    const since = t % every
    const shape = since < 2 ? Math.sin((since / 2) * (Math.PI / 2)) : Math.exp(-(since - 2) / 2.5)
    return step((base(t) ?? 0) + height * shape)
  }
}
const sampled = (...parts: [seconds: number, signal: Signal][]) =>
  parts.flatMap(([seconds, signal]) => Array.from({ length: seconds * 4 }, (_, i) => signal(i / 4)))
const analyse = (...parts: [number, Signal][]) => new SkinAnalyser({ rateHz: 4 }).push(sampled(...parts))
const graded = (events: readonly SkinEvent[]) =>
  only(events, 'quality').flatMap(({ grade, reasons }) => reasons.map((reason) => `${grade} ${reason}`))

describe('the skin analyser', () => {
  it('counts responses by the minute', () => {
    const events = analyse([300, responding(15, 1)])
    expect(only(events, 'minute').map(({ responses }) => responses)).to.deep.equal([4, 4, 4, 4, 4])
    expect(only(events, 'response')[2]?.amplitude).to.be.closeTo(1, 0.2)
    expect(graded(events)).to.deep.equal([])
  })

  it('finds none in a quiet level, in a slow rise, or below its least', () => {
    expect(only(analyse([600, level(5)]), 'response')).to.deep.equal([])
    expect(only(analyse([600, level(5, 0.5)]), 'response')).to.deep.equal([])
    expect(only(analyse([600, responding(15, 0.1)]), 'response')).to.deep.equal([])
  })

  it('tells the tonic level and its trend over ten minutes', () => {
    const minutes = only(analyse([720, level(5, 0.3)]), 'minute')
    expect(minutes.map(({ slope }) => slope === null)).to.deep.equal([...Array(4).fill(true), ...Array(8).fill(false)])
    expect(minutes.at(-1)?.tonic).to.be.closeTo(5 + 0.3 * 11.5, 0.15)
    expect(minutes.at(-1)?.slope).to.be.closeTo(0.3, 0.03)
  })

  it('follows the virtual patient who sweats', () => {
    const patient = createPatient({ script: 'hypoglycaemia', seed: 3 })
    const samples = Array.from({ length: 480 }, (_, i) => {
      const counts = Math.round(((0.5 + patient.vitals(i * 250).skinConductance / 20) * 1023) / 5)
      return conductanceFromCounts(counts)
    })
    const minutes = only(new SkinAnalyser({ rateHz: 4 }).push(samples), 'minute')
    expect(minutes[1]?.tonic).to.be.closeTo(14, 0.5)
  })

  it('grades electrodes that are off or moved, rails and what is lost, and gives no number of a minute without', () => {
    const off = analyse([60, level(5)], [60, level(0.4)], [60, level(5)])
    expect(graded(off)).to.include('bad electrode-off')
    expect(only(off, 'minute').map(({ tonic }) => tonic === null)).to.deep.equal([false, true, false])
    expect(only(off, 'response')).to.deep.equal([])
    const touched: Signal = (t) => (t % 20 < 0.5 ? 12 : 5)
    const moved = analyse([120, touched])
    expect(graded(moved)).to.include('bad motion')
    expect(only(moved, 'response')).to.deep.equal([])
    expect(graded(analyse([20, level(89.6)]))).to.include('bad saturated')
    expect(graded(analyse([20, () => null]))).to.include('bad lost-samples')
  })

  it('goes on with its trend over a reset, on its own clock', () => {
    const analyser = new SkinAnalyser({ rateHz: 4 })
    analyser.push(sampled([300, level(5)]))
    analyser.reset(60_000)
    const [minute] = only(analyser.push(sampled([60, level(5)])), 'minute')
    expect(minute?.at).to.equal(420_000)
    expect(minute?.slope).to.be.closeTo(0, 0.05)
    expect(() => new SkinAnalyser({ rateHz: 100 })).to.throw(RangeError)
  })

  it('says the same however the signal is cut', () => {
    const samples = sampled([200, responding(15, 1)], [10, () => null], [200, level(6)])
    expectBlocksNotToMatter(() => new SkinAnalyser({ rateHz: 4 }), samples)
  })
})
