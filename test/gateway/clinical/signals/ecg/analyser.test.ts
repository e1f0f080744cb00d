import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import fc from 'fast-check'
import { EcgAnalyser } from '#gateway/clinical/signals/ecg/analyser.js'
import { LATENCY_MS } from '#gateway/clinical/signals/ecg/beat-detector.js'
import type { EcgEvent } from '#gateway/clinical/signals/ecg/events.js'
import { HEALTHY } from '#simulators/patient/healthy.js'
import { signed } from '#simulators/patient/noise.js'
import { createPatient, patientOf } from '#simulators/patient/patients.js'
import { regular, syntheticEcg } from './synthetic.js'

const KIT = { lowest: 2, highest: 1021 }
const of = <T extends EcgEvent['type']>(events: readonly EcgEvent[], type: T) =>
  events.filter((event): event is Extract<EcgEvent, { type: T }> => event.type === type)
const analyse = (samples: readonly (number | null)[], rateHz = 250) => new EcgAnalyser({ rateHz, ...KIT }).push(samples)
const conclusions = (events: readonly EcgEvent[]) =>
  events.filter(({ type }) => !['beat', 'rate', 'quality'].includes(type))
/** Enough after the end for the last beat to be told. */
const SETTLE_S = 6

describe('EcgAnalyser', () => {
  for (const rateHz of [125, 250, 360, 500]) {
    for (const perMinute of [30, 45, 75, 120, 160, 200]) {
      it(`finds every beat at ${perMinute} /min in ${rateHz} Hz, and the rate`, () => {
        const vitals = { ...HEALTHY, pulse: [[0, perMinute]] as const }
        const patient = patientOf({ name: 't', description: '', vitals, positions: [[0, 'supine']] }, 5)
        const samples: number[] = []
        const starts = new Set<number>()
        for (let i = 0; i < 60 * rateHz; i++) {
          const ms = (i * 1000) / rateHz
          samples.push(Math.round((patient.ecg(ms) * 1023) / 5))
          starts.add(patient.beat(ms).start)
        }
        const events = analyse(samples, rateHz)
        const wanted = [...starts].filter((ms) => ms >= 40 && ms < 60_000 - LATENCY_MS)
        const found = of(events, 'beat').filter(({ at }) => at < 60_000 - LATENCY_MS)
        expect(found.length).to.equal(wanted.length)
        for (const [i, { at }] of found.entries()) expect(at).to.be.closeTo(wanted[i] as number, 20)
        const rates = of(events, 'rate').flatMap((event) => event.perMinute ?? [])
        expect(rates.length).to.be.greaterThan(5)
        for (const rate of rates) expect(rate).to.be.closeTo(perMinute, 0.05 * perMinute)
        expect(conclusions(events)).to.deep.equal([])
      })
    }
  }

  it('does not care which way the beats point, nor how large they are', () => {
    const beats = regular(800, 400, 30_000)
    for (const gain of [-1, 0.25, 2]) {
      const events = analyse(
        syntheticEcg({ rateHz: 250, seconds: 30 + SETTLE_S, beats: regular(800, 400, 36_000), gain }),
      )
      expect(of(events, 'beat').filter(({ at }) => at < 30_000).length).to.equal(beats.length)
    }
  })

  it('gives the same events however the samples are cut into blocks', () => {
    const patient = createPatient({ script: 'irregular-rhythm', seed: 2 })
    const samples = Array.from({ length: 250 * 60 }, (_, i) => {
      if ((i > 5000 && i < 5030) || (i > 9000 && i < 9400)) return null
      const burst = i > 11_000 && i < 12_000 ? 0.5 * signed(3, i) : 0
      return Math.round(((patient.ecg(i * 4) + burst) * 1023) / 5)
    })
    const whole = analyse(samples)
    expect(whole.length).to.be.greaterThan(60)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const analyser = new EcgAnalyser({ rateHz: 250, ...KIT })
        const events: EcgEvent[] = []
        let at = 0
        for (const size of sizes) {
          events.push(...analyser.push(samples.slice(at, at + size)))
          at += size
        }
        events.push(...analyser.push(samples.slice(at)))
        expect(events).to.deep.equal(whole)
      }),
      { numRuns: 20 },
    )
  })

  it('tells a beat before 1.4 s have passed', () => {
    const analyser = new EcgAnalyser({ rateHz: 250, ...KIT })
    const samples = syntheticEcg({
      rateHz: 250,
      seconds: 60,
      beats: regular(900, 300, 60_000).filter((_, i) => i % 7 !== 0),
    })
    let told = 0
    for (const [i, sample] of samples.entries()) {
      for (const event of analyser.push([sample])) {
        if (event.type !== 'beat' || i < 1000) continue
        told++
        expect(i - event.index).to.be.lessThan((LATENCY_MS * 250) / 1000)
      }
    }
    expect(told).to.be.greaterThan(40)
  })

  describe('standstill', () => {
    it('tells a pause when the beat after it comes, and how long it was', () => {
      const beats = [...regular(800, 400, 20_000), ...regular(800, 23_000, 40_000)]
      const events = analyse(syntheticEcg({ rateHz: 250, seconds: 40, beats }))
      const [pause, ...more] = conclusions(events)
      expect(more).to.deep.equal([])
      expect(pause).to.include({ type: 'pause', flat: false })
      expect((pause as { at: number }).at).to.be.closeTo(19_600, 12)
      expect((pause as { durationMs: number }).durationMs).to.be.closeTo(3400, 12)
    })

    it('does not call 2.9 s a pause', () => {
      const beats = [...regular(800, 400, 20_000), ...regular(800, 22_500, 40_000)]
      expect(conclusions(analyse(syntheticEcg({ rateHz: 250, seconds: 40, beats })))).to.deep.equal([])
    })

    it('raises an asystole by time alone, 4 s after the last beat, and says so within 2.5 s', () => {
      const samples = syntheticEcg({ rateHz: 250, seconds: 60, beats: regular(800, 400, 20_000) })
      const analyser = new EcgAnalyser({ rateHz: 250, ...KIT })
      let told: { event: Extract<EcgEvent, { type: 'asystole-begin' }>; now: number } | undefined
      for (const [i, sample] of samples.entries()) {
        for (const event of analyser.push([sample])) {
          if (event.type === 'asystole-begin') told ??= { event, now: i * 4 }
        }
      }
      expect(told?.event.at).to.be.closeTo(23_600, 12)
      expect(told?.event.since).to.be.closeTo(19_600, 12)
      expect((told?.now ?? 0) - (told?.event.at ?? 0)).to.be.within(0, 2500)
    })

    it('ends it with two beats that follow each other, not with one', () => {
      const beats = [...regular(800, 400, 20_000), 30_000, ...regular(800, 40_000, 60_000)]
      const events = analyse(syntheticEcg({ rateHz: 250, seconds: 60, beats }))
      expect(conclusions(events).map(({ type }) => type)).to.deep.equal(['asystole-begin', 'asystole-end'])
      expect(of(events, 'asystole-end')[0]?.at).to.be.closeTo(40_000, 12)
      expect(of(events, 'rate').some(({ unknown }) => unknown === 'no-beats')).to.equal(true)
    })

    it('sees it in the virtual patient, and says when the trace is flat', () => {
      const patient = createPatient({ script: 'asystole', seed: 1 })
      const events = analyse(Array.from({ length: 250 * 60 }, (_, i) => Math.round((patient.ecg(i * 4) * 1023) / 5)))
      const last =
        of(events, 'beat')
          .filter(({ at }) => at < 31_000)
          .at(-1)?.at ?? 0
      expect(of(events, 'asystole-begin').map(({ at }) => at)).to.deep.equal([last + 4000])
      const still = analyse([
        ...syntheticEcg({ rateHz: 250, seconds: 20, beats: regular(800, 400, 20_000) }),
        ...Array(5000).fill(512),
      ])
      expect(of(still, 'asystole-begin')[0]).to.include({ flat: true })
    })

    it('is not raised by lost samples, an input at its rail, or noise', () => {
      const beats = [...regular(800, 400, 20_000), ...regular(800, 35_000, 60_000)]
      const good = syntheticEcg({ rateHz: 250, seconds: 60, beats })
      const spoilt = (value: (i: number) => number | null) => good.map((x, i) => (i >= 5000 && i < 8600 ? value(i) : x))
      for (const samples of [
        spoilt(() => null),
        spoilt(() => 1023),
        spoilt((i) => Math.round(512 + 200 * signed(1, i))),
        spoilt((i) => Math.round(512 + 300 * Math.sin((2 * Math.PI * 50 * i) / 250))),
      ]) {
        // That it cannot be read is no conclusion of the heart.
        const events = analyse(samples).filter(({ type }) => !type.startsWith('unreadable'))
        expect(conclusions(events), JSON.stringify(conclusions(events))).to.deep.equal([])
        expect(of(events, 'quality').some(({ grade }) => grade === 'bad')).to.equal(true)
        expect(of(events, 'rate').some(({ unknown }) => unknown === 'poor-signal')).to.equal(true)
        expect(of(events, 'quality').at(-1)?.grade).to.equal('good')
        expect(of(events, 'rate').at(-1)?.perMinute).to.be.closeTo(75, 1)
      }
    })
  })

  it('knows after a long standstill how large a beat is', () => {
    const beats = [...regular(800, 400, 30_000), ...regular(800, 90_000, 150_000)]
    const events = analyse(syntheticEcg({ rateHz: 250, seconds: 150, beats }))
    expect(conclusions(events).map(({ type }) => type)).to.deep.equal(['asystole-begin', 'asystole-end'])
    const found = of(events, 'beat').filter(({ at }) => at < 148_000)
    expect(found.length).to.equal(beats.filter((at) => at < 148_000).length)
  })

  it('counts a fast rhythm of wide beats and never takes it for a standstill', () => {
    for (const [perMinute, width] of [
      [130, 60],
      [160, 90],
      [180, 90],
      [210, 90],
    ] as const) {
      const wide = (ms: number) => {
        const at = ms % (60_000 / perMinute)
        const bump = (centre: number, sigma: number) => Math.exp(-0.5 * ((at - centre) / sigma) ** 2)
        return bump(21_000 / perMinute, 0.55 * width) - 0.6 * bump(21_000 / perMinute + 2.2 * width, width)
      }
      const noise = (ms: number) => (ms > 30_000 ? wide(ms) : 0)
      const events = analyse(syntheticEcg({ rateHz: 250, seconds: 90, beats: regular(800, 400, 29_600), noise }))
      expect(conclusions(events), `${perMinute} /min`).to.deep.equal([])
      expect(of(events, 'rate').at(-1)?.perMinute).to.be.closeTo(perMinute, 3)
    }
  })

  it('takes the same side of beats that point both ways', () => {
    const beats = regular(800, 400, 60_000)
    const up = syntheticEcg({ rateHz: 250, seconds: 60, beats })
    const later = syntheticEcg({ rateHz: 250, seconds: 60, beats: beats.map((at) => at + 30), gain: -1 })
    const events = analyse(up.map((x, i) => x + (later[i] as number) - 512 + Math.round(8 * signed(1, i))))
    for (const { rrMs } of of(events, 'beat').slice(5)) expect(rrMs).to.be.closeTo(800, 13)
  })

  describe('lost samples', () => {
    const beats = regular(800, 400, 60_000)
    const good = syntheticEcg({ rateHz: 250, seconds: 60, beats })

    it('bridges a few, also in the middle of a beat', () => {
      const holes = good.map((x, i) => (i % 500 < 3 ? null : x))
      const found = of(analyse(holes), 'beat').filter(({ at }) => at < 57_700)
      expect(found.length).to.equal(beats.filter((at) => at < 57_700).length)
    })

    it('starts anew after more than 200 ms, and gives no interval over the gap', () => {
      const events = analyse(good.map((x, i) => (i >= 5000 && i < 5300 ? null : x)))
      const after = of(events, 'beat').find(({ at }) => at > 21_000)
      expect(after?.rrMs).to.equal(null)
      expect(conclusions(events)).to.deep.equal([])
    })

    it('takes a gap told at once like the same number of nulls', () => {
      for (const seconds of [3, 90]) {
        const walked = new EcgAnalyser({ rateHz: 250, ...KIT })
        const told = new EcgAnalyser({ rateHz: 250, ...KIT })
        const nulls = [...walked.push(good), ...walked.push(Array(seconds * 250).fill(null)), ...walked.push(good)]
        expect([...told.push(good), ...told.gap(seconds * 250), ...told.push(good)]).to.deep.equal(nulls)
      }
    })
  })

  it('calls fibrillation irregular, with no diagnosis, and sinus rhythm not', () => {
    const patient = createPatient({ script: 'irregular-rhythm', seed: 4 })
    const events = analyse(Array.from({ length: 250 * 180 }, (_, i) => Math.round((patient.ecg(i * 4) * 1023) / 5)))
    expect(conclusions(events).map(({ type }) => type)).to.deep.equal(['rhythm-begin'])
    expect(of(events, 'rhythm-begin')[0]?.at).to.be.within(30_000, 80_000)
  })

  it('does not grow', function () {
    this.timeout(60_000)
    setFlagsFromString('--expose_gc')
    const collect = runInNewContext('gc') as () => void
    const analyser = new EcgAnalyser({ rateHz: 125, ...KIT })
    const minute = syntheticEcg({ rateHz: 125, seconds: 60, beats: regular(750, 400, 60_000) })
    for (let i = 0; i < 20; i++) analyser.push(minute)
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 24 * 10; i++) analyser.push(minute)
    collect()
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(200_000)
  })

  it('refuses a rate it was not made for', () => {
    for (const rateHz of [50, 1000, Number.NaN]) expect(() => new EcgAnalyser({ rateHz })).to.throw(RangeError)
  })
})
