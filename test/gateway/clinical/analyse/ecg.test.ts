/** What the home hears of the heart, from the kit's lines to what is stored and raised. */
import { expect } from 'chai'
import { ANALYSIS_DEFAULTS } from '#gateway/clinical/analyse/options.js'
import { defaultLimits, limitsInForce } from '#gateway/clinical/limits/limits.js'
import { limitsOnRecord } from '#gateway/clinical/limits/limits-on-record.js'
import { signed } from '#simulators/patient/noise.js'
import { fibrillation, regular, syntheticEcg } from '#test/gateway/clinical/signals/ecg/synthetic.js'
import { T0 } from '#test/gateway/engine/frames.js'
import { TestHome } from './home.js'

const rateHz = 250
const trace = (seconds: number, rrMs: number, until = seconds * 1000) =>
  syntheticEcg({ rateHz, seconds, beats: regular(rrMs, 400, until) })
/** A quiet amplifier. */
const flat = (seconds: number) => Array.from({ length: seconds * rateHz }, () => 512)
const clip = (pulse: number) => () => ({ clip: `o,${pulse},97` })
const OFF = () => ({ clip: 'n,,' })

describe('the heart rate from the ECG', () => {
  it('is stored as the pulse is, acquiring first, and shown on the ECG’s tile', () => {
    const home = new TestHome().play(trace(60, 800), rateHz)
    const stored = home.stored('heartRate')
    expect(stored[0]).to.deep.include({ sensor: 'ecg', quality: 'missing', remarks: ['acquiring'] })
    const rates = stored.filter(({ value }) => value.type === 'quantity')
    expect(rates).to.have.length.within(10, 13)
    for (const { value, quality } of rates) {
      expect(quality).to.equal('good')
      expect(value.type === 'quantity' && value.value).to.be.closeTo(75, 1)
    }
    const at = rates.map((rate) => rate.at)
    expect(at.slice(2).map((time, i) => time - (at[i + 1] as number))).to.deep.equal(at.slice(2).map(() => 5000))
    expect(at.at(-1)).to.be.within(T0 + 50_000, T0 + 60_000)
    expect(home.pipeline.values().find(({ sensor }) => sensor === 'ecg')).to.include({ value: 75, unit: '/min' })
    expect(home.told()).to.deep.equal([])
  })

  it('goes with the limits of the pulse', () => {
    const [rate] = new TestHome()
      .play(trace(20, 400), rateHz)
      .stored('heartRate')
      .filter(({ value }) => value.type === 'quantity')
    expect(rate && limitsOnRecord(rate, defaultLimits)).to.deep.equal({
      referenceRange: { low: 50, high: 110 },
      interpretation: 'HH',
    })
  })

  it('is alarmed on only where no oximeter sees a pulse, and as one thing', () => {
    const fast = trace(140, 400)
    const home = new TestHome().play(fast.slice(0, 40 * rateHz), rateHz, clip(80))
    expect(home.told()).to.deep.equal(['pulse-ecg-disagree active'])
    // The clip goes off: after 15 s the ECG stands in, and the clip that is off does not hold it up.
    home.play(fast.slice(40 * rateHz, 90 * rateHz), rateHz, OFF)
    expect(home.told()).to.deep.equal(['probe-off-pulse active', 'probe-off-spo2 active', 'high-pulse-rate active'])
    const raised = home.transitions.find(({ condition }) => condition === 'high-pulse-rate')
    expect(raised?.measurement).to.include('-heartRate-')
    expect(raised?.raisedAt).to.be.within(T0 + 64_000, T0 + 72_000)
    expect(
      home.steps.some(({ measurements }) => measurements.some((m) => m.identifier === raised?.measurement)),
    ).to.equal(true)
    home.play(fast.slice(90 * rateHz), rateHz, clip(80))
    expect(home.told()).to.include.members(['probe-off-pulse cleared', 'high-pulse-rate cleared'])
  })

  it('is not counted at a rate that no analyser was made for: the tile says so, the record does not', () => {
    const slow = syntheticEcg({ rateHz: 100, seconds: 20, beats: regular(800, 400, 20_000) })
    const home = new TestHome().play(slow, 100)
    expect(home.stored('heartRate')).to.deep.equal([])
    expect(home.pipeline.values().find(({ sensor }) => sensor === 'ecg')).to.deep.include({
      value: null,
      quality: 'missing',
      remarks: ['sampling-rate-not-supported'],
    })
    expect(home.told()).to.deep.equal([])
  })

  it('is not made up over lost lines, and a kit that starts anew is no standstill', () => {
    const beats = trace(120, 900)
    const home = new TestHome().play(beats.slice(0, 30 * rateHz), rateHz)
    for (let i = 30; i < 45; i++) home.hear({ ecg: null })
    home.play(beats.slice(45 * rateHz, 60 * rateHz), rateHz)
    home.boot()
    home.play(beats.slice(60 * rateHz), rateHz)
    expect(home.told()).to.deep.equal([])
    for (const { value } of home.stored('heartRate')) {
      if (value.type === 'quantity') expect(value.value).to.be.closeTo(66.7, 1)
    }
  })
})

describe('the heart rate over what is no ECG', () => {
  const beats = (seconds: number, offset = 0) =>
    syntheticEcg({ rateHz, seconds, beats: regular(1053, 300 + offset, seconds * 1000) })
  const at = (seconds: number, count: (i: number) => number) =>
    Array.from({ length: seconds * rateHz }, (_, i) => count(i))

  for (const [name, count] of [
    ['at a rail', () => 1023],
    ['flat', () => 512],
    ['nearly flat', (i: number) => 512 + (i % 3)],
    ['hum', (i: number) => Math.round(512 + 300 * Math.sin((2 * Math.PI * 50 * i) / rateHz))],
  ] as const) {
    for (const seconds of [2, 5, 8, 30]) {
      it(`is never counted across ${seconds} s ${name}`, () => {
        const home = new TestHome().play(beats(40), rateHz)
        home.play(at(seconds, count), rateHz).play(beats(40, 200), rateHz)
        const rates = home.stored('heartRate').flatMap(({ value }) => (value.type === 'quantity' ? [value.value] : []))
        expect(rates.length).to.be.above(8)
        for (const rate of rates) expect(rate).to.be.closeTo(57, 2)
      })
    }
  }

  it('is never counted across a loose contact, which makes no pause, no rhythm and no fast rate', () => {
    const good = beats(150)
    // Off for 0.2 to 2.5 s, on for 0.3 to 4 s, for a minute and a half.
    let edge = 30
    let on = true
    let n = 0
    const loose = good.map((count, i) => {
      const t = i / rateHz
      if (t >= edge && t < 120) {
        on = !on
        n++
        edge = t + (on ? 2.15 + 1.85 * signed(11, n) : 1.35 + 1.15 * signed(12, n))
      }
      return on || t >= 120 ? count : 512
    })
    const home = new TestHome().play(loose, rateHz)
    for (const { value } of home.stored('heartRate')) {
      if (value.type === 'quantity') expect(value.value).to.be.closeTo(57, 6)
    }
    const told = home.told().filter((one) => /ecg-pause|irregular|pulse-rate/.test(one))
    expect(told).to.deep.equal([])
  })
})

describe('a heart that stands still', () => {
  it('is raised within seconds, once, and stays until somebody knows', () => {
    // A trace that is never quite still: no flat line.
    const stop = [...trace(40, 800, 20_000), ...trace(30, 800)]
    const home = new TestHome().play(stop, rateHz)
    const raised = home.transitions.find(({ condition }) => condition === 'asystole')
    expect(raised).to.include({ priority: 'high', kind: 'physiological', observable: 'heartRate' })
    expect(raised?.raisedAt).to.be.within(T0 + 23_000, T0 + 27_000)
    expect(raised?.measurement).to.include('-heartRate-')
    expect(home.told()).to.deep.equal(['asystole active', 'asystole latched'])
    const actor = { by: 'nurse', via: 'console' } as const
    home.steps.push(home.pipeline.acknowledge([raised?.alertId ?? ''], actor, home.now))
    expect(home.told()).to.deep.equal(['asystole acknowledged', 'asystole cleared'])
  })

  it('is not what a flat line is while the oximeter sees a pulse, and is without one', () => {
    const home = new TestHome().play(trace(20, 800), rateHz, clip(75)).play(flat(30), rateHz, clip(75))
    expect(home.told()).to.deep.equal(['flat-line-ecg active'])
    expect(home.transitions[0]).to.include({ priority: 'high', kind: 'technical' })
    home.play(flat(20), rateHz, OFF)
    expect(home.told()).to.deep.equal(['asystole active', 'probe-off-pulse active', 'probe-off-spo2 active'])
    home.play(trace(20, 800), rateHz, OFF)
    expect(home.told()).to.have.members(['flat-line-ecg cleared', 'asystole latched'])
    const flats = home.transitions.filter(({ condition }) => condition === 'flat-line-ecg')
    expect(flats.map(({ priority }) => priority)).to.deep.equal(['high', 'high'])
  })

  it('is said within 10 s though the oximeter holds its number from before for 7 s', () => {
    const home = new TestHome().play(trace(20, 800), rateHz, clip(75))
    home.play(flat(7), rateHz, clip(75)).play(flat(10), rateHz, OFF)
    const raised = home.transitions.find(({ condition }) => condition === 'asystole')
    expect(raised?.raisedAt).to.be.within(T0 + 24_000, T0 + 30_000)
  })

  it('is said of a line with a few counts of noise, of large beats as of small ones', () => {
    for (const [gain, counts] of [
      [1, 5],
      [0.4, 3],
      [0.15, 2],
    ] as const) {
      const noise = (_ms: number, i: number) => (counts / 204.6) * signed(5, i)
      const beats = regular(800, 400, 20_000)
      const home = new TestHome().play(syntheticEcg({ rateHz, seconds: 40, beats, gain, noise }), rateHz, clip(75))
      const raised = home.transitions.find(({ condition }) => condition === 'asystole')
      expect(raised?.raisedAt, `${gain}`).to.be.within(T0 + 23_000, T0 + 30_000)
    }
  })

  it('is said with high priority once: its flat line is then of low', () => {
    const home = new TestHome().play(trace(20, 800), rateHz).play(flat(30), rateHz)
    expect(home.transitions.map(({ condition, priority }) => [condition, priority])).to.deep.equal([
      ['asystole', 'high'],
      ['flat-line-ecg', 'low'],
    ])
  })

  it('is not said of electrodes on which no heart was ever seen', () => {
    expect(new TestHome().play(flat(60), rateHz).told()).to.deep.equal(['flat-line-ecg active'])
  })

  it('that was raised before a restart is over when beats are seen, and still to be looked at', () => {
    const before = new TestHome().play(trace(40, 800, 20_000), rateHz)
    const active = before.transitions.filter(({ condition }) => condition === 'asystole')
    const home = new TestHome({ active })
    home.second = 60
    home.play(trace(20, 800), rateHz)
    expect(home.told()).to.deep.equal(['asystole latched'])
  })
})

describe('a heart that fibrillates', () => {
  it('is raised as no organised heartbeat, and the rate is void at once, whatever the oximeter still says', () => {
    const noise = (ms: number, i: number) => 0.01 * signed(7, i) + (ms > 30_000 ? 0.6 * fibrillation(ms) : 0)
    const home = new TestHome()
    home.play(syntheticEcg({ rateHz, seconds: 60, beats: regular(800, 400, 30_000), noise }), rateHz, clip(75))
    expect(home.told()).to.deep.equal(['no-organised-heartbeat active'])
    const [raised] = home.transitions
    expect(raised).to.include({ priority: 'high', kind: 'physiological', observable: 'heartRate' })
    expect(raised?.raisedAt).to.be.within(T0 + 31_000, T0 + 39_000)
    const after = home.stored('heartRate').filter(({ at }) => at > T0 + 34_000)
    expect(after[0]).to.deep.include({ quality: 'missing', remarks: ['no-organised-beats'] })
    expect(after.filter(({ value }) => value.type === 'quantity')).to.deep.equal([])
    const tile = home.pipeline.values().find(({ sensor }) => sensor === 'ecg')
    expect(tile).to.deep.include({ value: null, remarks: ['no-organised-beats'] })
    home.play(trace(30, 800), rateHz, clip(75))
    expect(home.told()).to.deep.equal(['no-organised-heartbeat latched'])
  })
})

describe('an ECG that cannot be read', () => {
  const shaken = (seconds: number) =>
    syntheticEcg({ rateHz, seconds, beats: regular(800, 400, seconds * 1000), noise: (_ms, i) => 1.5 * signed(9, i) })

  it('is of high priority after 10 s where no oximeter sees a pulse, and over when beats are read', () => {
    const home = new TestHome().play(trace(30, 800), rateHz).play(shaken(30), rateHz)
    const raised = home.transitions.find(({ condition }) => condition === 'no-readable-heartbeat')
    expect(raised).to.include({ priority: 'high', kind: 'physiological' })
    expect(raised?.raisedAt).to.be.within(T0 + 39_000, T0 + 43_000)
    home.told()
    expect(home.play(trace(20, 800), rateHz).told()).to.include('no-readable-heartbeat cleared')
  })

  it('is of medium priority after a minute where an oximeter sees one', () => {
    const home = new TestHome().play(trace(30, 800), rateHz, clip(75)).play(shaken(90), rateHz, clip(75))
    const told = home.transitions.filter(({ kind }) => kind === 'physiological')
    expect(told.map(({ condition, priority }) => [condition, priority])).to.deep.equal([['ecg-unreadable', 'medium']])
    expect(told[0]?.raisedAt).to.be.within(T0 + 88_000, T0 + 94_000)
    home.play(shaken(20), rateHz, OFF)
    expect(home.told()).to.include('no-readable-heartbeat active')
  })

  it('is not weighed against by a number that an oximeter holds from before', () => {
    const home = new TestHome().play(trace(30, 800), rateHz, clip(75))
    home.play(shaken(7), rateHz, clip(75)).play(shaken(20), rateHz, OFF)
    const raised = home.transitions.find(({ condition }) => condition === 'no-readable-heartbeat')
    expect(raised?.raisedAt).to.be.within(T0 + 39_000, T0 + 43_000)
  })

  it('is of medium priority where no beat was ever seen: electrodes that nobody wears are no emergency', () => {
    const home = new TestHome().play(shaken(120), rateHz)
    const told = home.transitions.filter(({ kind }) => kind === 'physiological')
    expect(told.map(({ condition }) => condition)).to.deep.equal(['ecg-unreadable'])
  })
})

describe('pauses, rhythm and noise', () => {
  it('a pause is raised and must be looked at, though it is over', () => {
    const beats = [...regular(800, 400, 30_000), ...regular(800, 32_700, 110_000)]
    const home = new TestHome().play(syntheticEcg({ rateHz, seconds: 110, beats }), rateHz)
    expect(home.told()).to.deep.equal(['ecg-pause active', 'ecg-pause latched'])
  })

  it('an irregular rhythm is of low priority, and over when it has been regular for five minutes', () => {
    let at = 400
    const irregular = Array.from({ length: 100 }, (_, i) => {
      at += 800 + 350 * signed(3, i)
      return at
    })
    const beats = [...irregular, ...regular(800, at + 800, at + 420_000)]
    const seconds = Math.floor(at / 1000) + 420
    const home = new TestHome().play(syntheticEcg({ rateHz, seconds, beats }), rateHz)
    expect(home.told()).to.deep.equal(['irregular-rhythm active', 'irregular-rhythm cleared'])
    expect(home.transitions[0]).to.include({ priority: 'low' })
    expect(home.transitions[1]?.at).to.be.above(T0 + at + 300_000)
  })

  it('noise is a poor signal, technical, and nothing of the heart', () => {
    const beats = regular(800, 400, 90_000)
    const noise = (ms: number, i: number) => (ms > 30_000 && ms < 60_000 ? 1.5 * signed(9, i) : 0.01 * signed(7, i))
    const home = new TestHome().play(syntheticEcg({ rateHz, seconds: 90, beats, noise }), rateHz)
    expect(home.told().filter((one) => !one.startsWith('no-readable'))).to.deep.equal([
      'poor-signal-ecg active',
      'poor-signal-ecg cleared',
    ])
    const missing = home.stored('heartRate').filter(({ remarks }) => remarks.includes('poor-signal'))
    expect(missing).to.not.deep.equal([])
  })

  it('is switched off where somebody has switched it off', () => {
    const stop = [...trace(40, 800, 20_000)]
    expect(new TestHome({ findings: [], limits: limitsInForce() }).play(stop, rateHz).told()).to.deep.equal([])
  })

  it('frees a lead from which nothing came for ten minutes', () => {
    const noise = (_ms: number, i: number) => 1.5 * signed(9, i)
    const home = new TestHome().play(syntheticEcg({ rateHz, seconds: 30, beats: [], noise }), rateHz)
    expect(home.told()).to.deep.equal(['poor-signal-ecg active'])
    home.steps.push(home.pipeline.tick(home.now + 11 * 60_000))
    expect(home.told()).to.include('poor-signal-ecg cleared')
  })
})

describe('what a clinician sets of the ECG’s analysis', () => {
  const pausing = () => {
    const beats = regular(800, 400, 30_000)
    // One pause of 2.6 s.
    const from = beats[20] as number
    return syntheticEcg({
      rateHz,
      seconds: 33,
      beats: beats.map((at) => (at > from ? at + 1800 : at)),
    })
  }

  it('counts: a pause of 2.6 s is one where 2 s are set, and none by default', () => {
    expect(new TestHome().play(pausing(), rateHz).told()).to.deep.equal([])
    const analysis = { ...ANALYSIS_DEFAULTS, ecg: { pauseMs: 2000, asystoleMs: 4000 } }
    expect(new TestHome({ analysis }).play(pausing(), rateHz).told()).to.include('ecg-pause active')
  })

  it('holds at once when it is changed, for what comes then', () => {
    const home = new TestHome().play(trace(10, 800), rateHz)
    home.pipeline.setAnalysis({ ...ANALYSIS_DEFAULTS, ecg: { pauseMs: 2000, asystoleMs: 4000 } }, home.now)
    expect(home.play(pausing(), rateHz).told()).to.include('ecg-pause active')
  })
})
