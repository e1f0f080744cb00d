import { expect } from 'chai'
import {
  BreathingAnalyser,
  type BreathingAnalyserOptions,
} from '#gateway/clinical/signals/breathing/breathing-analyser.js'
import type { BreathingEvent } from '#gateway/clinical/signals/breathing/events.js'
import { createPatient } from '#simulators/patient/patients.js'
import { expectBlocksNotToMatter, gaussian } from '#test/gateway/clinical/signals/blocks.js'

type Of<T extends BreathingEvent['type']> = Extract<BreathingEvent, { type: T }>
const only = <T extends BreathingEvent['type']>(events: readonly BreathingEvent[], ...types: T[]) =>
  events.filter((event): event is Of<T> => (types as string[]).includes(event.type))

/** Counts over time (s). */
type Signal = (t: number) => number | null
interface Flow {
  rate: number
  height: number
  noise?: number
  rest?: number
  share?: number
}
const flow = ({ rate, height, noise = 1.5, rest = 40, share = 0.45 }: Flow): Signal => {
  const random = gaussian(Math.round(rate * 100 + height))
  return (t) => {
    const phase = ((t * rate) / 60) % 1
    const out = phase < share ? height * Math.sin((phase / share) * Math.PI) : 0
    return Math.max(0, Math.min(1023, Math.round(rest + out + noise * random())))
  }
}
const quiet = (level = 40, noise = 1.5): Signal => flow({ rate: 0, height: 0, rest: level, noise })
const sampled = (rateHz: number, ...parts: [seconds: number, signal: Signal][]) =>
  parts.flatMap(([seconds, signal]) => Array.from({ length: seconds * rateHz }, (_, i) => signal(i / rateHz)))
const analyse = (parts: [number, Signal][], options: Partial<BreathingAnalyserOptions> = {}) =>
  new BreathingAnalyser({ rateHz: 25, ...options }).push(sampled(options.rateHz ?? 25, ...parts))
const pauses = (events: readonly BreathingEvent[]) =>
  only(events, 'apnoea-begin', 'apnoea-alarm', 'apnoea-end', 'probe-begin', 'probe-end').map((event) =>
    'reason' in event ? `${event.type} ${event.reason}` : event.type,
  )
const calm = flow({ rate: 15, height: 300 })

describe('the breathing analyser', () => {
  for (const rate of [4, 6, 12, 16, 25, 40, 60]) {
    for (const height of [50, 300, 900]) {
      it(`counts ${rate} breaths a minute of ${height} counts`, () => {
        const events = analyse([[120, flow({ rate, height })]])
        const last = only(events, 'rate').at(-1)
        expect(last?.perMinute).to.be.closeTo(rate, Math.max(0.3, rate * 0.03))
        expect(last?.confidence).to.be.above(0.6)
        expect(only(events, 'breath').length).to.be.within(rate * 2 - 3, rate * 2 + 1)
        expect(pauses(events)).to.not.include('apnoea-alarm')
      })
    }
  }

  it('counts at 50 samples a second, and with noise, drift and notches', () => {
    expect(only(analyse([[120, calm]], { rateHz: 50 }), 'rate').at(-1)?.perMinute).to.be.closeTo(15, 0.4)
    const noisy = flow({ rate: 15, height: 300, noise: 15 })
    expect(only(analyse([[120, noisy]]), 'rate').at(-1)?.perMinute).to.be.closeTo(15, 0.5)
    const drifting: Signal = (t) => (calm(t) ?? 0) + 2 * t
    expect(only(analyse([[180, drifting]]), 'rate').at(-1)?.perMinute).to.be.closeTo(15, 0.4)
    const notched: Signal = (t) => {
      const phase = ((t * 15) / 60) % 1
      return Math.round((calm(t) ?? 0) - (phase > 0.2 && phase < 0.24 ? 60 : 0))
    }
    expect(only(analyse([[120, notched]]), 'rate').at(-1)?.perMinute).to.be.closeTo(15, 0.4)
  })

  it('says nothing before there are breaths, and never 0', () => {
    const events = analyse([[60, quiet()]])
    expect(
      only(events, 'rate').every(({ perMinute, unknown }) => perMinute === null && unknown === 'learning'),
    ).to.equal(true)
    expect(pauses(events)).to.deep.equal([])
  })

  it('tells a pause at 10 s, alarms at 20 s, and ends it with the first breath', () => {
    const events = analyse([
      [60, calm],
      [30, quiet()],
      [30, calm],
    ])
    expect(pauses(events)).to.deep.equal(['apnoea-begin', 'apnoea-alarm', 'apnoea-end breath'])
    const [begin, alarm, end] = only(events, 'apnoea-begin', 'apnoea-alarm', 'apnoea-end')
    const lastBreath = 56_900
    expect(begin?.since).to.be.closeTo(lastBreath, 400)
    expect(begin?.at).to.be.closeTo(lastBreath + 10_000, 400)
    expect(alarm?.at).to.be.closeTo(lastBreath + 20_000, 400)
    expect(end?.at).to.be.closeTo(90_900, 400)
    const rates = only(events, 'rate').filter(({ at }) => at > 70_000 && at <= 90_000)
    expect(rates.every(({ unknown }) => unknown === 'no-breath')).to.equal(true)
  })

  it('alarms after the time that was set, and only takes 10 to 40 s', () => {
    const parts: [number, Signal][] = [
      [60, calm],
      [35, quiet()],
      [20, calm],
    ]
    expect(pauses(analyse(parts, { alarmMs: 40_000 }))).to.deep.equal(['apnoea-begin', 'apnoea-end breath'])
    expect(pauses(analyse(parts, { alarmMs: 12_000 }))).to.include('apnoea-alarm')
    expect(() => new BreathingAnalyser({ rateHz: 25, alarmMs: 60_000 })).to.throw(RangeError)
  })

  it('finds the virtual patient’s apnoea and rate', () => {
    const patient = createPatient({ script: 'apnoea', seed: 3 })
    const samples = Array.from({ length: 120 * 25 }, (_, i) => Math.round((patient.airflow(i * 40) * 1023) / 5))
    const events = new BreathingAnalyser({ rateHz: 25 }).push(samples)
    expect(pauses(events)).to.deep.equal(['apnoea-begin', 'apnoea-alarm', 'apnoea-end breath'])
    expect(only(events, 'apnoea-alarm')[0]?.at).to.be.within(54_000, 62_000)
    expect(only(events, 'rate').at(7)?.perMinute).to.be.closeTo(15, 2)
  })

  it('takes breaths that are shallow, but not a flow below a tenth of the usual, for breathing', () => {
    const shallow = analyse([
      [60, calm],
      [60, flow({ rate: 15, height: 75 })],
    ])
    expect(pauses(shallow)).to.not.include('apnoea-alarm')
    expect(only(shallow, 'rate').at(-1)?.perMinute).to.be.closeTo(15, 0.5)
    const nearly = analyse([
      [60, calm],
      [30, flow({ rate: 70, height: 20, share: 0.9 })],
    ])
    expect(pauses(nearly)).to.include('apnoea-alarm')
  })

  it('does not let a spike end a pause', () => {
    const silence = quiet()
    const spiky: Signal = (t) => (Math.abs(t - 12) < 0.03 ? 900 : silence(t))
    const events = analyse([
      [60, calm],
      [30, spiky],
    ])
    expect(pauses(events)).to.deep.equal(['apnoea-begin', 'apnoea-alarm'])
  })

  describe('tells a technical state', () => {
    it('from a pause, where the input is at its rail', () => {
      const events = analyse([
        [60, calm],
        [30, () => 1023],
        [40, calm],
      ])
      expect(pauses(events)).to.deep.equal(['probe-begin saturated', 'probe-end'])
      expect(only(events, 'rate').find(({ at }) => at === 80_000)).to.include({ unknown: 'poor-signal' })
      expect(only(events, 'rate').at(-1)?.perMinute).to.be.closeTo(15, 0.5)
    })

    it('from a pause, where the level jumped far out of the breath’s range', () => {
      const biased = flow({ rate: 15, height: 200, rest: 400 })
      const events = analyse([
        [60, biased],
        [40, quiet(120)],
        [40, biased],
      ])
      expect(pauses(events)).to.deep.equal(['probe-begin displaced', 'probe-end'])
      expect(only(events, 'quality').map(({ reasons }) => reasons.join())).to.include('probe-displaced')
    })

    it('of a dead line, without hiding the pause that it may be', () => {
      const events = analyse([
        [60, calm],
        [30, () => 40],
      ])
      expect(pauses(events)).to.have.members(['apnoea-begin', 'apnoea-alarm', 'probe-begin flat'])
    })

    it('where the signal is lost: a pause that cannot be followed is over, and no gap is one', () => {
      const lost: Signal = () => null
      const broken = analyse([
        [60, calm],
        [15, quiet()],
        [10, lost],
        [30, calm],
      ])
      expect(pauses(broken)).to.deep.equal(['apnoea-begin', 'apnoea-end signal-lost'])
      expect(
        pauses(
          analyse([
            [60, calm],
            [40, lost],
            [30, calm],
          ]),
        ),
      ).to.deep.equal([])
    })
  })

  it('grades noise and jumps', () => {
    const reasons = (signal: Signal) =>
      only(analyse([[60, signal]]), 'quality').flatMap(({ grade, reasons }) =>
        reasons.map((reason) => `${grade} ${reason}`),
      )
    expect(reasons(calm)).to.deep.equal([])
    expect(reasons(flow({ rate: 15, height: 300, noise: 50 }))).to.include('poor noise')
    expect(reasons((t) => (t > 30 && Math.floor(t * 2) % 9 === 0 ? 1000 : calm(t)))).to.include('bad motion')
  })

  it('raises no alarm in six hours of ordinary breathing with sighs, swallowing and speech', function () {
    this.timeout(60_000)
    const random = gaussian(11)
    const analyser = new BreathingAnalyser({ rateHz: 25 })
    const said: BreathingEvent[] = []
    for (let minutes = 0; minutes < 360; minutes++) {
      const rate = 14 + 2 * random()
      const parts: [number, Signal][] = [
        [40, flow({ rate, height: 300 + 60 * random(), noise: 4 })],
        [Math.min(7, 1 + Math.abs(random())) | 0, quiet(45)],
        [20, flow({ rate: rate + 6, height: 150, noise: 6, share: 0.6 })],
      ]
      said.push(...analyser.push(sampled(25, ...parts)))
    }
    expect(pauses(said).filter((pause) => pause !== 'apnoea-begin' && pause !== 'apnoea-end breath')).to.deep.equal([])
    expect(only(said, 'apnoea-begin').length).to.be.below(4)
    const rates = only(said, 'rate')
    expect(rates.filter(({ perMinute }) => perMinute === null).length / rates.length).to.be.below(0.02)
  })

  it('says the same however the signal is cut', () => {
    const samples = sampled(25, [60, calm], [25, quiet()], [5, () => null], [40, calm])
    expectBlocksNotToMatter(() => new BreathingAnalyser({ rateHz: 25 }), samples)
  })

  it('begins anew after a reset, later', () => {
    const analyser = new BreathingAnalyser({ rateHz: 25 })
    analyser.push(sampled(25, [60, calm], [15, quiet()]))
    expect(pauses(analyser.reset(60_000))).to.deep.equal(['apnoea-end signal-lost'])
    const events = analyser.push(sampled(25, [30, calm]))
    expect(only(events, 'breath')[0]?.at).to.be.within(135_000, 140_000)
    expect(pauses(events)).to.deep.equal([])
  })
})
