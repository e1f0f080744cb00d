import { expect } from 'chai'
import { EcgAnalyser } from '#gateway/clinical/signals/ecg/analyser.js'
import type { EcgEvent } from '#gateway/clinical/signals/ecg/events.js'
import { signed } from '#simulators/patient/noise.js'
import { createPatient } from '#simulators/patient/patients.js'
import { fibrillation, regular, syntheticEcg } from './synthetic.js'

const KIT = { lowest: 2, highest: 1021 }

/** Each event with the time at which it was told, ms. */
function told(samples: readonly (number | null)[], rateHz: number): { event: EcgEvent; now: number }[] {
  const analyser = new EcgAnalyser({ rateHz, ...KIT })
  return samples.flatMap((sample, i) =>
    analyser.push([sample]).map((event) => ({ event, now: ((i + 1) * 1000) / rateHz })),
  )
}
const named = (samples: readonly (number | null)[], rateHz = 250) =>
  told(samples, rateHz)
    .map(({ event: { type } }) => type)
    .filter((type) => type.startsWith('fibrillation'))

describe('fibrillation and flutter', () => {
  for (const rateHz of [125, 250, 360, 500]) {
    for (const [name, gain] of [
      ['as large as beats', 1],
      ['a third of them', 0.3],
    ] as const) {
      it(`are told within 10 s, ${name}, at ${rateHz} Hz, and no rate is shown then`, () => {
        const noise = (ms: number, i: number) => 0.01 * signed(7, i) + (ms > 30_000 ? gain * fibrillation(ms) : 0)
        const samples = syntheticEcg({ rateHz, seconds: 90, beats: regular(800, 400, 30_000), noise })
        const all = told(samples, rateHz)
        const begin = all.find(({ event }) => event.type === 'fibrillation-begin')
        expect(begin?.now).to.be.within(30_000, 38_000)
        expect(begin?.event.type === 'fibrillation-begin' && begin.event.since).to.be.within(28_000, 34_000)
        const rates = all.flatMap(({ event, now }) => (event.type === 'rate' && now > 34_000 ? [event] : []))
        expect(rates.map(({ perMinute }) => perMinute)).to.deep.equal(rates.map(() => null))
        expect(all.some(({ event }) => event.type === 'rate' && event.unknown === 'no-organised-beats')).to.equal(true)
        const other = ['pause', 'asystole-begin', 'rhythm-begin', 'fibrillation-end']
        expect(all.filter(({ event }) => other.includes(event.type))).to.deep.equal([])
      })
    }
  }

  it('are over when beats come back, whose rate is known anew, without an interval from before', () => {
    const noise = (ms: number, i: number) =>
      0.01 * signed(7, i) + (ms > 30_000 && ms < 60_000 ? 0.6 * fibrillation(ms) : 0)
    const beats = [...regular(800, 400, 30_000), ...regular(600, 60_000, 90_000)]
    const all = told(syntheticEcg({ rateHz: 250, seconds: 90, beats, noise }), 250)
    const end = all.find(({ event }) => event.type === 'fibrillation-end')
    expect(end?.now).to.be.within(60_000, 68_000)
    const rates = all.flatMap(({ event, now }) =>
      event.type === 'rate' && now > 60_000 ? (event.perMinute ?? []) : [],
    )
    expect(rates).to.not.deep.equal([])
    for (const rate of rates) expect(rate).to.be.closeTo(100, 2)
    expect(all.filter(({ event: { type } }) => ['pause', 'asystole-begin'].includes(type))).to.deep.equal([])
  })

  it('that fade into a still line become an asystole', () => {
    const noise = (ms: number, i: number) =>
      0.01 * signed(7, i) + (ms > 30_000 && ms < 60_000 ? 0.4 * fibrillation(ms) : 0)
    const beats = regular(800, 400, 30_000)
    const all = told(syntheticEcg({ rateHz: 250, seconds: 90, beats, noise }), 250)
    const asystole = all.find(({ event }) => event.type === 'asystole-begin')
    expect(asystole?.now).to.be.within(64_000, 70_000)
    expect(all.find(({ event }) => event.type === 'fibrillation-end')?.event).to.include({ still: true })
  })

  it('go on over a gap: only a trace can show that they are over', () => {
    const noise = (ms: number) => (ms > 30_000 ? 0.6 * fibrillation(ms) : 0)
    const samples = syntheticEcg({ rateHz: 250, seconds: 90, beats: regular(800, 400, 30_000), noise })
    const holed = samples.map((x, i) => (i > 12_500 && i < 15_000 ? null : x))
    expect(named(holed)).to.deep.equal(['fibrillation-begin'])
  })

  it('are not what beats at any rate, irregular ones, noise and hum look like', () => {
    const trace = (rrMs: number, noise: (ms: number, i: number) => number) =>
      syntheticEcg({ rateHz: 250, seconds: 60, beats: regular(rrMs, 400, 60_000), noise })
    for (const rrMs of [300, 400, 600, 1000, 2000]) {
      expect(named(trace(rrMs, (_ms, i) => 0.02 * signed(3, i))), `${rrMs} ms`).to.deep.equal([])
    }
    expect(named(trace(800, (_ms, i) => 0.3 * signed(4, i))), 'muscle').to.deep.equal([])
    expect(named(trace(800, (ms) => 0.4 * Math.sin((2 * Math.PI * 50 * ms) / 1000))), 'hum').to.deep.equal([])
    expect(named(trace(800, (ms) => 0.8 * Math.sin((2 * Math.PI * 0.3 * ms) / 1000))), 'wander').to.deep.equal([])
    const patient = createPatient({ script: 'irregular-rhythm', seed: 4 })
    const irregular = Array.from({ length: 250 * 120 }, (_, i) => Math.round((patient.ecg(i * 4) * 1023) / 5))
    expect(named(irregular), 'irregular').to.deep.equal([])
  })

  it('are not what a still line with a few counts of noise looks like', () => {
    for (const counts of [1, 3, 6]) {
      const noise = (ms: number, i: number) =>
        (counts / 204.6) * (signed(5, i) * 0.5 + 0.5 * Math.sin((2 * Math.PI * 4 * ms) / 1000))
      const samples = syntheticEcg({ rateHz: 250, seconds: 60, beats: regular(800, 400, 20_000), noise })
      const types = told(samples, 250).map(({ event: { type } }) => type)
      expect(types, `${counts}`).to.include('asystole-begin')
      expect(types, `${counts}`).to.not.include('fibrillation-begin')
    }
  })
})
