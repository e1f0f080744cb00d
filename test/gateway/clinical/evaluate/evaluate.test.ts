import { expect } from 'chai'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import type { AlertTransition, Priority } from '#gateway/model/alert.js'
import type { WaveformFrame } from '#gateway/model/transport.js'
import { eventFrame, mqttFrame, T0, TestKit } from '../../engine/frames.js'

interface Said {
  readonly at: number
  readonly what: string
  readonly priority: Priority
  readonly transition: AlertTransition
}

/** One home, second by second. */
class Home {
  readonly pipeline: Pipeline
  readonly kit = new TestKit()
  readonly said: Said[] = []
  #second = 0
  #message = 0

  constructor(active: readonly AlertTransition[] = [], limits = limitsInForce()) {
    this.pipeline = new Pipeline({ patient: 'patient-1', limits, active })
  }

  get now(): number {
    return T0 + this.#second * 1000
  }

  /** The kit's oximeter says this each second, e.g. `o,72,97` or `n,,`; null: nothing comes. */
  oximeter(seconds: number, body: string | null): this {
    return this.each(seconds, () => {
      if (body !== null)
        this.#take(this.pipeline.accept(this.kit.frame('O', this.now - T0, body), this.now).transitions)
    })
  }

  /** A message of an MQTT device. */
  mqtt(sensor: string, value: number | string, unit: string, device = 'meter-1'): this {
    this.#message += 1
    const payload = JSON.stringify({ id: String(this.#message), value, unit })
    this.#take(
      this.pipeline.accept(mqttFrame(`homebeat/v1/${device}/${sensor}`, payload, this.now), this.now).transitions,
    )
    return this
  }

  each(seconds: number, act: () => void = () => {}): this {
    for (let i = 0; i < seconds; i++) {
      act()
      this.#take(this.pipeline.tick(this.now + 500).transitions)
      this.#second += 1
    }
    return this
  }

  frame(frame: WaveformFrame | ReturnType<typeof eventFrame>): this {
    this.#take(this.pipeline.accept(frame, this.now).transitions)
    return this
  }

  get active(): string[] {
    return this.said.filter(({ what }) => what.endsWith(' active')).map(({ what }) => what.replace(' active', ''))
  }

  when(what: string): number | undefined {
    return this.said.find((one) => one.what === what)?.at
  }

  #take(transitions: readonly AlertTransition[]): void {
    for (const transition of transitions) {
      const what = `${transition.condition} ${transition.state}`
      this.said.push({ at: this.#second, what, priority: transition.priority, transition })
    }
  }
}

describe('the three classes of values', () => {
  it('alarm on what is possible, however unlikely: a pulse of 22 and 34 % of oxygen', () => {
    const home = new Home().oximeter(45, 'o,22,34')
    expect(home.active).to.have.members(['critically-low-oxygen-saturation', 'low-pulse-rate'])
    expect(home.when('critically-low-oxygen-saturation active')).to.be.at.most(6)
    for (const { priority } of home.said) expect(priority).to.equal('high')
  })

  for (const [value, unit, condition] of [
    ['HI', 'mg/dL', 'high-glucose'],
    ['HI', 'mmol/L', 'high-glucose'],
    ['LO', 'mg/dL', 'low-glucose'],
    [601, 'mg/dL', 'high-glucose'],
    [33.4, 'mmol/L', 'high-glucose'],
    [1200, 'mg/dL', 'high-glucose'],
    [9, 'mg/dL', 'low-glucose'],
    [600, 'mg/dL', 'high-glucose'],
    [10, 'mg/dL', 'low-glucose'],
  ] as const) {
    it(`alarm on ${value} ${unit} of glucose at once, with high priority`, () => {
      const home = new Home().mqtt('glucose', value, unit)
      expect(home.active).to.deep.equal([condition])
      expect(home.said[0]?.priority).to.equal('high')
    })
  }

  it('alarm on a value beyond the sensor’s range whatever the limit is', () => {
    const limits = limitsInForce({ 'high-glucose': { value: 599.5, clearAt: 550 }, 'elevated-glucose': { value: 500 } })
    expect(new Home([], limits).mqtt('glucose', 'HI', 'mg/dL').active).to.deep.equal(['high-glucose'])
  })

  for (const [sensor, value, unit] of [
    ['glucose', 0, 'mg/dL'],
    ['glucose', 2047, 'mg/dL'],
    ['glucose', 65_535, 'mg/dL'],
    ['spo2', 0, '%'],
    ['spo2', 127, '%'],
    ['spo2', -999, '%'],
    ['pulse', 0, '/min'],
    ['pulse', 511, '/min'],
    ['bodyTemperature', -127, 'Cel'],
    ['bodyTemperature', 85, 'Cel'],
    ['airflow', 0, '/min'],
  ] as const) {
    it(`take ${value} ${unit} of ${sensor} for no value: the probe is checked after 15 s, and after 60 s what it hides is high`, () => {
      const home = new Home()
      const kebab = sensor.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      home.each(75, () => home.mqtt(sensor, value, unit))
      expect(home.active).to.deep.equal([`check-probe-${kebab}`, `unreadable-${kebab}`])
      expect(home.when(`check-probe-${kebab} active`)).to.be.within(14, 16)
      expect(home.when(`unreadable-${kebab} active`)).to.be.within(59, 62)
      expect(home.said.map(({ priority }) => priority)).to.deep.equal(['medium', 'high', 'medium'])
    })
  }

  it('say of one impossible value of a meter to check it, once, until it measures again', () => {
    const home = new Home().mqtt('glucose', 65_535, 'mg/dL').each(600)
    expect(home.said.map(({ what }) => what)).to.deep.equal(['check-probe-glucose active'])
    home.mqtt('glucose', 99, 'mg/dL').each(2)
    expect(home.said.at(-1)?.what).to.equal('check-probe-glucose cleared')
  })

  it('give impossible values the priority of what they hide at once when a second channel agrees', () => {
    const home = new Home()
    home.mqtt('bloodPressure' as string, 0, 'mm[Hg]') // refused by the contract: it changes nothing
    home.each(20, () => home.mqtt('pulse', 35, '/min', 'band-1').mqtt('bodyTemperature', -127, 'Cel', 'thermo-1'))
    expect(home.active).to.include.members(['low-pulse-rate', 'unreadable-body-temperature'])
    expect(home.when('unreadable-body-temperature active')).to.be.at.most(11)
  })

  it('do not let the two numbers of one clip confirm each other', () => {
    const home = new Home().oximeter(40, 'o,140,127')
    expect(home.active).to.have.members(['high-pulse-rate', 'check-probe-spo2'])
  })

  it('are explained by a sensor that says that it is off', () => {
    const home = new Home().oximeter(8, 'o,511,127').oximeter(120, 'n,,')
    expect(home.active).to.not.include('unreadable-spo2')
    expect(home.said.map(({ what }) => what)).to.include('probe-off-spo2 active')
  })
})

describe('a value that is lost', () => {
  it('while it falls alarms at once, with the limit that it fell towards, and is not said to last', () => {
    const home = new Home()
    for (const value of [97.6, 95.2, 93.6]) home.each(60, () => home.mqtt('spo2', value, '%'))
    home.each(360, () => home.mqtt('spo2', 0, '%'))
    expect(home.active.slice(0, 1)).to.deep.equal(['lost-while-falling-spo2'])
    const [lost] = home.said
    expect(lost).to.deep.include({ at: 180, priority: 'medium' })
    expect(lost?.transition).to.deep.include({ value: 94, limit: { comparator: '<=', value: 91 } })
    expect(home.active).to.not.include('reduced-oxygen-saturation')
    expect(home.active).to.include('unreadable-spo2')
  })

  for (const [how, body, within] of [
    ['comes off', 'n,,', 1],
    ['breaks', 'f,,', 1],
    ['gives impossible numbers', 'o,511,127', 1],
    ['searches', 'a,,', 6],
    ['falls silent', null, 17],
  ] as const) {
    it(`beyond a limit, before its delay is over, alarms when the clip ${how}`, () => {
      const home = new Home().oximeter(10, 'o,72,94').oximeter(6, 'o,72,88').oximeter(30, body)
      expect(home.active[0]).to.equal('lost-while-falling-spo2')
      expect(home.said[0]).to.deep.include({ priority: 'high' })
      expect(home.said[0]?.at).to.be.within(16, 16 + within)
      expect(home.said[0]?.transition).to.deep.include({ value: 88, limit: { comparator: '<=', value: 88 } })
    })
  }

  it('names its last value, which is stored though it said nothing new', () => {
    for (const body of ['n,,', 'o,511,127']) {
      const home = new Home().oximeter(10, 'o,72,89').oximeter(4, 'o,72,88')
      const { transitions, measurements } = home.pipeline.accept(home.kit.frame('O', home.now - T0, body), home.now)
      const lost = transitions.find(({ condition }) => condition === 'lost-while-falling-spo2')
      const cause = measurements.find(({ identifier }) => identifier === lost?.measurement)
      expect(cause?.value, body).to.deep.equal({ type: 'quantity', value: 88 })
    }
  })

  it('above a limit is lost while rising', () => {
    const home = new Home().oximeter(10, 'o,128,97').oximeter(5, 'o,135,97').oximeter(5, 'n,,')
    expect(home.active[0]).to.equal('lost-while-rising-pulse')
    expect(home.said[0]?.priority).to.equal('high')
  })

  it('ends with a value that is back, and gives way to the limit’s own alarm', () => {
    const back = new Home().oximeter(5, 'o,72,88').oximeter(3, 'n,,').oximeter(3, 'o,72,96')
    expect(back.said.map(({ what }) => what)).to.deep.equal([
      'lost-while-falling-spo2 active',
      'lost-while-falling-spo2 cleared',
    ])
    const low = new Home().oximeter(5, 'o,72,88').oximeter(3, 'n,,').oximeter(14, 'o,72,87')
    expect(low.said.map(({ what }) => what)).to.deep.equal([
      'lost-while-falling-spo2 active',
      'low-oxygen-saturation active',
      'lost-while-falling-spo2 cleared',
    ])
  })

  it('alarms on nothing where it was well, or where its alarm is raised already', () => {
    expect(new Home().oximeter(60, 'o,72,97').oximeter(5, 'n,,').active).to.deep.equal([])
    const raised = new Home().oximeter(30, 'o,72,87').oximeter(5, 'n,,')
    expect(raised.active).to.deep.equal(['low-oxygen-saturation'])
    expect(raised.said).to.have.length(1)
  })

  it('stays raised over a restart', () => {
    const before = new Home().oximeter(5, 'o,72,88').oximeter(3, 'n,,')
    const after = new Home(before.said.map(({ transition }) => transition)).oximeter(5, 'n,,')
    expect(after.said).to.deep.equal([])
    after.oximeter(2, 'o,72,97')
    expect(after.said.map(({ what }) => what)).to.deep.equal(['lost-while-falling-spo2 cleared'])
  })

  it('does not keep an alarm from being raised: a probe that shakes for ever', () => {
    const home = new Home()
    for (let i = 0; i < 12; i++) home.oximeter(3, 'o,72,87').oximeter(2, 'a,,')
    expect(home.active).to.include('low-oxygen-saturation')
    const impossible = new Home()
    for (let i = 0; i < 12; i++) impossible.oximeter(3, 'o,72,87').oximeter(2, 'o,72,127')
    expect(impossible.active.slice(0, 2)).to.deep.equal(['lost-while-falling-spo2', 'low-oxygen-saturation'])
  })

  it('counts no unknown seconds: a value that crossed once and then is searched for is not raised as lasting', () => {
    const home = new Home().oximeter(3, 'o,72,87').oximeter(40, 'a,,')
    expect(home.active).to.not.include('low-oxygen-saturation')
  })
})

describe('the clock of each vital sign', () => {
  it('says after half an hour that there is no trustworthy value, and ends with the first', () => {
    const home = new Home().oximeter(30, 'o,72,97').oximeter(1900, 'n,,')
    for (const sensor of ['pulse', 'spo2']) {
      expect(home.when(`no-trusted-value-${sensor} active`), sensor).to.be.within(1829, 1832)
    }
    expect(home.said.find(({ what }) => what.startsWith('no-trusted'))?.priority).to.equal('medium')
    home.oximeter(3, 'o,72,97')
    expect(home.said.map(({ what }) => what)).to.include.members([
      'no-trusted-value-pulse cleared',
      'no-trusted-value-spo2 cleared',
    ])
  })

  it('runs for each by itself: a pulse does not stand for the oxygen', () => {
    const home = new Home().oximeter(1900, 'o,72,127')
    expect(home.active).to.include('no-trusted-value-spo2').and.not.include('no-trusted-value-pulse')
  })

  it('leaves a kit that is silent as a whole to the alert of the kit', () => {
    const home = new Home().oximeter(30, 'o,72,97').oximeter(1900, null)
    expect(home.active).to.deep.equal(['silent-device-kit-1'])
  })

  it('is not begun by single measurements, but by a device that sends all the time', () => {
    expect(new Home().mqtt('spo2', 97, '%').each(2500).active).to.deep.equal([])
    const home = new Home()
    for (let i = 0; i < 12; i++) home.mqtt('spo2', 97, '%').each(20)
    home.each(1900)
    expect(home.active).to.deep.equal(['no-trusted-value-spo2'])
  })

  it('does not end because the gateway starts anew', () => {
    const before = new Home().oximeter(30, 'o,72,97').oximeter(1900, 'n,,')
    const open = before.said.filter(({ what }) => what.endsWith('active')).map(({ transition }) => transition)
    const after = new Home(open).oximeter(60, 'n,,')
    expect(after.said.map(({ what }) => what)).to.deep.equal([])
  })

  it('is over with a recording that has ended', () => {
    const home = new Home().oximeter(1900, 'n,,').frame(eventFrame('ended')).each(2)
    expect(home.said.map(({ what }) => what)).to.include('no-trusted-value-spo2 cleared')
  })
})

describe('limits at their edge', () => {
  for (const [sensor, unit, inside, beyond, condition] of [
    ['pulse', '/min', 40.5, 40, 'low-pulse-rate'],
    ['pulse', '/min', 41, 40.4, 'low-pulse-rate'],
    ['pulse', '/min', 50, 49.4, 'reduced-pulse-rate'],
    ['pulse', '/min', 110.4, 110.5, 'elevated-pulse-rate'],
    ['pulse', '/min', 130, 131, 'high-pulse-rate'],
    ['pulse', '/min', 130.4, 130.5, 'high-pulse-rate'],
    ['spo2', '%', 91.5, 91.4, 'reduced-oxygen-saturation'],
    ['spo2', '%', 89, 88, 'low-oxygen-saturation'],
    ['spo2', '%', 88.5, 88.4, 'low-oxygen-saturation'],
    ['spo2', '%', 84.5, 84.4, 'critically-low-oxygen-saturation'],
    ['airflow', '/min', 8.5, 8.4, 'low-respiratory-rate'],
    ['airflow', '/min', 9, 8, 'low-respiratory-rate'],
    ['airflow', '/min', 24.4, 24.5, 'high-respiratory-rate'],
    ['bodyTemperature', 'Cel', 35.1, 35, 'low-body-temperature'],
    ['bodyTemperature', 'Cel', 35.06, 35.04, 'low-body-temperature'],
    ['bodyTemperature', 'Cel', 37.94, 37.96, 'elevated-body-temperature'],
    ['bodyTemperature', 'Cel', 37.9, 38, 'elevated-body-temperature'],
    ['bodyTemperature', 'Cel', 39, 39.1, 'high-body-temperature'],
    ['glucose', 'mg/dL', 54, 53, 'low-glucose'],
    ['glucose', 'mg/dL', 69.5, 69.4, 'reduced-glucose'],
    ['glucose', 'mg/dL', 250.4, 250.5, 'elevated-glucose'],
    ['glucose', 'mg/dL', 300, 301, 'high-glucose'],
  ] as const) {
    it(`are compared as shown: ${beyond} ${unit} is ${condition}, ${inside} is not`, () => {
      const run = (value: number) => {
        const home = new Home()
        return home.each(150, () => home.mqtt(sensor, value, unit)).active
      }
      expect(run(beyond)).to.include(condition)
      expect(run(inside)).to.not.include(condition)
    })
  }

  it('of a pressure: 90 mmHg is low, 91 is not', () => {
    const pressure = (systolic: number) => {
      const home = new Home()
      const payload = JSON.stringify({ id: '1', systolic, diastolic: 55, unit: 'mm[Hg]' })
      const { transitions } = home.pipeline.accept(mqttFrame('homebeat/v1/cuff-1/bloodPressure', payload), T0)
      return transitions.map(({ condition }) => condition)
    }
    expect(pressure(90)).to.deep.equal(['low-systolic-pressure'])
    expect(pressure(91)).to.deep.equal([])
  })
})
