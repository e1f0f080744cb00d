/** What the home hears of body, breath, muscle and skin, from the kit's lines to what is stored and raised. */
import { expect } from 'chai'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { conductanceFromCounts } from '#gateway/clinical/sensors/gsr/definition.js'
import { signed } from '#simulators/patient/noise.js'
import { BACK, Body, UP } from '#test/gateway/clinical/signals/motion/body.js'
import { pack, T0 } from '#test/gateway/engine/frames.js'
import { expectValidFhir } from '#test/support/fhir-validator.js'
import { TestHome } from './home.js'

/** Five lines a second, ten samples each. */
function move(home: TestHome, body: Body): TestHome {
  for (let i = 0; i < body.samples.length; i += 10) {
    const ms = home.second * 1000 + (i % 50) * 20
    const samples = body.samples.slice(i, i + 10)
    const counts = samples.flatMap((sample) => (sample ?? [0, 0, 0]).map((count) => count + 2048))
    if (samples.includes(null)) home.kit.skip(1)
    else home.line('X', ms, `o,20000,${pack(counts)}`, 200)
    if (i % 50 === 40) home.pass()
  }
  return home
}
const fallen = (seconds: number) =>
  new Body().still(15, UP).drop(0.3, UP).impact(4, BACK).swing(BACK).still(seconds, BACK)

describe('a fall', () => {
  it('is raised a minute after it, with high priority, and stays until somebody knows', () => {
    const home = move(new TestHome(), fallen(75))
    expect(home.told()).to.deep.equal(['suspected-fall active'])
    const [raised] = home.transitions
    expect(raised).to.include({ priority: 'high', kind: 'physiological', observable: 'bodyPosition' })
    expect(raised?.raisedAt).to.be.within(T0 + 74_000, T0 + 78_000)
    expect(raised?.measurement).to.include('-bodyPosition-')
    move(home, new Body(2).turn(2, BACK, UP).still(10, UP))
    expect(home.told()).to.deep.equal(['suspected-fall latched'])
  })

  it('of which somebody gets up is none, and lying down is none', () => {
    expect(move(new TestHome(), fallen(20).turn(2, BACK, UP).still(70, UP)).told()).to.deep.equal([])
    expect(move(new TestHome(), new Body().still(15, UP).turn(2, UP, BACK).still(90, BACK)).told()).to.deep.equal([])
  })

  it('is raised all the same where lines are lost and the kit starts anew meanwhile', () => {
    const home = move(new TestHome(), fallen(20).lose(3).still(5, BACK))
    home.boot()
    move(home, new Body(3).still(60, BACK))
    expect(home.told()).to.deep.equal(['suspected-fall active'])
  })

  it('of before a restart is over when the body is seen upright', () => {
    const active = move(new TestHome(), fallen(75)).transitions
    const home = move(new TestHome({ active }), new Body(4).still(10, BACK))
    expect(home.told()).to.deep.equal([])
    expect(move(home, new Body(5).turn(2, BACK, UP).still(10, UP)).told()).to.deep.equal(['suspected-fall latched'])
  })

  it('is not looked for on a table: after some minutes nobody wears the strap', () => {
    const home = move(new TestHome(), new Body().unworn().still(400, BACK))
    expect(home.told()).to.deep.equal(['not-worn-position active'])
    expect(home.transitions[0]).to.include({ priority: 'low', kind: 'technical' })
  })

  it('leaves the position as it was: at once, and every ten seconds', () => {
    const home = move(new TestHome(), new Body().still(31, UP))
    const stored = home.stored('bodyPosition')
    expect(stored.map(({ value }) => value.type === 'position' && value.position)).to.include('upright')
    expect(stored).to.have.length.within(3, 5)
  })
})

/** Counts of one second, `t` its number: 15 breaths a minute of a warm stream. */
const breath = (t: number, size = 300, floor = 20) =>
  Array.from({ length: 25 }, (_, i) => {
    const phase = ((t + i / 25) / 4) % 1
    const noise = Math.round(2 * signed(11, t * 25 + i))
    return Math.max(0, noise + (phase < 0.45 ? Math.round(floor + size * Math.sin((phase / 0.45) * Math.PI)) : floor))
  })
const still = (t: number, level = 20) =>
  Array.from({ length: 25 }, (_, i) => level + Math.round(2 * signed(12, t * 25 + i)))

function breathe(home: TestHome, from: number, to: number, counts: (t: number) => number[]): TestHome {
  for (let t = from; t < to; t++) home.hear({ airflow: counts(t) })
  return home
}

describe('breath', () => {
  it('that stops is raised by the patient’s own limit, and ends with the next breath', () => {
    for (const [seconds, limits] of [
      [20, {}],
      [35, { 'no-breath': { value: 35 } }],
    ] as const) {
      const home = new TestHome({ limits: limitsInForce(limits) })
      breathe(home, 0, 40, breath)
      breathe(home, 40, 90, still)
      expect(home.told(), `${seconds} s`).to.deep.equal(['no-breath active'])
      // The last breath ended at 37.8 s.
      const since = ((home.transitions[0]?.raisedAt ?? 0) - T0) / 1000
      expect(since).to.be.within(37 + seconds, 40 + seconds)
      expect(home.stored('respiratoryRate').at(-1)).to.deep.include({ quality: 'missing', remarks: ['no-breath'] })
      breathe(home, 90, 110, breath)
      expect(home.told()).to.deep.equal(['no-breath cleared'])
    }
  })

  it('is not what a probe says that left its place: a poor signal, technical', () => {
    const home = new TestHome()
    breathe(home, 0, 40, (t) => breath(t, 200, 120))
    breathe(home, 40, 100, (t) => still(t, 600))
    expect(home.told()).to.deep.equal(['poor-signal-airflow active'])
    expect(home.transitions[0]).to.include({ priority: 'low', kind: 'technical' })
  })

  it('that stops is raised all the same where the kit starts anew meanwhile', () => {
    const home = new TestHome()
    breathe(home, 0, 40, breath)
    breathe(home, 40, 52, still)
    home.boot()
    breathe(home, 52, 85, still)
    expect(home.told()).to.deep.equal(['no-breath active'])
  })

  it('is not said to stop where lines are lost', () => {
    const home = breathe(new TestHome(), 0, 40, breath)
    for (let t = 40; t < 80; t++) {
      home.kit.skip(1)
      home.pass()
    }
    breathe(home, 80, 120, breath)
    expect(home.told().filter((told) => told.startsWith('no-breath'))).to.deep.equal([])
  })
})

describe('muscle and skin', () => {
  it('give an envelope in mV, every ten seconds or when it changes, and no alarm', () => {
    const home = new TestHome()
    for (let t = 0; t < 45; t++) {
      for (let i = 0; i < 20; i++) {
        const counts = Array.from({ length: 25 }, (_, k) => {
          const n = (t * 20 + i) * 25 + k
          return 512 + Math.round((t >= 20 && t < 25 ? 150 : 3) * signed(13, n))
        })
        home.line('M', t * 1000 + i * 50, `o,2000,${pack(counts)}`, 50)
      }
      home.pass()
    }
    expect(home.told()).to.deep.equal([])
    const stored = home.stored('emgEnvelope')
    expect(stored).to.have.length.within(5, 9)
    const numbers = stored.map(({ value }) => (value.type === 'quantity' ? value.value : Number.NaN))
    expect(Math.max(...numbers)).to.be.above(200)
    expect(Math.min(...numbers)).to.be.below(20)
    for (const one of stored) expectValidFhir(observationOf(one, { patient: 'patient-1', home: 'home-1' }))
    expect(home.pipeline.values().find(({ sensor }) => sensor === 'emg')).to.include({ unit: 'mV' })
  }).timeout(20_000)

  it('give the skin’s level once a minute, by this kit’s own constants', () => {
    const home = new TestHome()
    home.line('C', 0, 'skin-zero,600')
    for (let t = 0; t < 130; t++) {
      home.line('G', t * 1000, `o,250000,${pack([205, 205, 205, 205])}`)
      home.pass()
    }
    const levels = home.stored('skinConductanceLevel')
    expect(levels.map(({ at }) => at - T0)).to.deep.equal([60_000, 120_000])
    const [level] = levels
    expect(level?.value.type === 'quantity' && level.value.value).to.be.closeTo(conductanceFromCounts(205, 0.6), 0.01)
    expect(home.pipeline.values().find(({ sensor }) => sensor === 'gsr')?.at).to.be.above(T0 + 125_000)
    expect(home.told()).to.deep.equal([])
  })
})
