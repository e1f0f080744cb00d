import { expect } from 'chai'
import fc from 'fast-check'
import type { Measurement } from '#fhir/measurement.js'
import { Evaluator } from '#gateway/clinical/evaluate/evaluate.js'
import { defaultLimits, limitsInForce } from '#gateway/clinical/limits/limits.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { HomebeatError } from '#gateway/platform/errors.js'

const T0 = Date.UTC(2026, 0, 1, 12)
const MINUTE = 60_000
const SYSTOLIC = 'systolic-pressure-crisis'
const PROMPT = 'repeat-blood-pressure'

const reading = (at: number, systolic: number, diastolic = 80): Measurement => ({
  identifier: `cuff-p-bloodPressure-${at}`,
  sensor: 'bloodPressure',
  observable: 'bloodPressure',
  deviceId: 'cuff',
  at,
  value: { type: 'bloodPressure', systolic, diastolic },
  quality: 'good',
  remarks: [],
})

/** A gateway's evaluator, what it said, and what a restart would find. */
class Home {
  readonly said: AlertTransition[] = []
  evaluator: Evaluator

  constructor(limits = defaultLimits) {
    this.evaluator = new Evaluator({ limits })
  }

  measure(minutes: number, systolic: number, diastolic = 80): string[] {
    const at = T0 + minutes * MINUTE
    const measurement = reading(at, systolic, diastolic)
    return this.#note(this.evaluator.see({ measurement, stored: true, spot: true, superseded: false }, at))
  }

  tick(minutes: number): string[] {
    return this.#note(this.evaluator.tick(T0 + minutes * MINUTE))
  }

  restart(limits = defaultLimits): this {
    const open = new Map<string, AlertTransition>()
    for (const transition of this.said) {
      if (transition.state === 'cleared') open.delete(transition.alertId)
      else open.set(transition.alertId, transition)
    }
    this.evaluator = new Evaluator({ limits, active: [...open.values()] })
    return this
  }

  #note(transitions: AlertTransition[]): string[] {
    this.said.push(...transitions)
    return transitions.map(({ condition, state, priority }) => `${condition} ${state} ${priority}`)
  }
}

describe('a crisis pressure', () => {
  it('asks for a repeat, and alarms when that crosses too', () => {
    const home = new Home()
    expect(home.measure(0, 195)).to.deep.equal([`${PROMPT} active low`])
    expect(home.said[0]).to.include({ kind: 'technical', value: 195, measurement: `cuff-p-bloodPressure-${T0}` })
    expect(home.tick(4)).to.deep.equal([])
    expect(home.measure(5, 190)).to.deep.equal([`${SYSTOLIC} active high`, `${PROMPT} cleared low`])
    expect(home.said[1]).to.deep.include({ value: 190, limit: { comparator: '>', value: 180 } })
    expect(home.tick(20)).to.deep.equal([])
    expect(home.measure(30, 150)).to.deep.equal([`${SYSTOLIC} cleared high`])
  })

  it('is over with a repeat that does not cross', () => {
    for (const systolic of [140, 178]) {
      const home = new Home()
      home.measure(0, 195)
      expect(home.measure(5, systolic)).to.deep.equal([`${PROMPT} cleared low`])
      expect(home.tick(60)).to.deep.equal([])
    }
  })

  it('without a repeat alarms as unconfirmed, and as confirmed with the next that crosses', () => {
    const home = new Home()
    home.measure(0, 195)
    expect(home.tick(14.99)).to.deep.equal([])
    expect(home.tick(15)).to.deep.equal([`unconfirmed-${SYSTOLIC} active medium`, `${PROMPT} cleared low`])
    expect(home.said[1]).to.include({ value: 195, measurement: `cuff-p-bloodPressure-${T0}` })
    expect(home.tick(30)).to.deep.equal([])
    expect(home.measure(40, 192)).to.deep.equal([`${SYSTOLIC} active high`, `unconfirmed-${SYSTOLIC} cleared medium`])
  })

  it('that was unconfirmed ends with a normal reading', () => {
    const home = new Home()
    home.measure(0, 195)
    home.tick(15)
    expect(home.measure(40, 150)).to.deep.equal([`unconfirmed-${SYSTOLIC} cleared medium`])
  })

  it('does not take a reading within a minute for a repeat, whichever it is', () => {
    const home = new Home()
    home.measure(0, 195)
    expect(home.measure(0.5, 196)).to.deep.equal([])
    expect(home.measure(0.9, 140)).to.deep.equal([])
    expect(home.measure(1, 188)).to.include(`${SYSTOLIC} active high`)
  })

  it('that is extreme is not waited for', () => {
    expect(new Home().measure(0, 220)).to.deep.equal([`${SYSTOLIC} active high`])
    expect(new Home().measure(0, 170, 130)).to.deep.equal(['diastolic-pressure-crisis active high'])
    const home = new Home()
    home.measure(0, 195)
    expect(home.measure(0.5, 225)).to.deep.equal([`${SYSTOLIC} active high`, `${PROMPT} cleared low`])
  })

  it('asks once for both of its numbers, and judges each', () => {
    const home = new Home()
    expect(home.measure(0, 195, 125)).to.deep.equal([`${PROMPT} active low`])
    expect(home.measure(5, 150, 124)).to.deep.equal(['diastolic-pressure-crisis active high', `${PROMPT} cleared low`])
  })

  it('is not forgotten by a restart, before or after the alarm', () => {
    const home = new Home()
    home.measure(0, 195)
    expect(home.restart().tick(10)).to.deep.equal([])
    expect(home.tick(15)).to.deep.equal([`unconfirmed-${SYSTOLIC} active medium`, `${PROMPT} cleared low`])
    expect(home.restart().tick(16)).to.deep.equal([])
    expect(home.measure(20, 150)).to.deep.equal([`unconfirmed-${SYSTOLIC} cleared medium`])
    const again = new Home()
    again.measure(0, 195)
    again.restart()
    expect(again.measure(5, 190)).to.deep.equal([`${SYSTOLIC} active high`, `${PROMPT} cleared low`])
  })

  it('waits on under limits that change, and no longer under one that is gone', () => {
    const home = new Home()
    home.measure(0, 195)
    expect(home.evaluator.setLimits(limitsInForce({ 'low-glucose': { value: 50 } }), T0 + MINUTE)).to.deep.equal([])
    expect(home.measure(5, 190)).to.include(`${SYSTOLIC} active high`)
    const other = new Home()
    other.measure(0, 195)
    const gone = other.evaluator.setLimits(limitsInForce({ [SYSTOLIC]: { enabled: false } }), T0 + MINUTE)
    expect(gone.map(({ condition, state }) => `${condition} ${state}`)).to.deep.equal([`${PROMPT} cleared`])
    expect(other.tick(20)).to.deep.equal([])
  })

  it('is not raised while somebody has suspended it, but afterwards', () => {
    const home = new Home()
    home.measure(0, 195)
    home.evaluator.setInhibitions([{ scope: { observable: 'bloodPressure' }, until: T0 + 30 * MINUTE }])
    expect(home.tick(16)).to.deep.equal(['alarms-inhibited active low'])
    expect(home.tick(31)).to.include(`unconfirmed-${SYSTOLIC} active medium`)
  })

  it('is alarmed on at once where the patient’s limits say so, and waits as long as they say', () => {
    expect(new Home(limitsInForce({ [SYSTOLIC]: { confirm: false } })).measure(0, 195)).to.deep.equal([
      `${SYSTOLIC} active high`,
    ])
    const patient = new Home(limitsInForce({ [SYSTOLIC]: { confirm: { withinSeconds: 600 } } }))
    patient.measure(0, 195)
    expect(patient.tick(10)).to.include(`unconfirmed-${SYSTOLIC} active medium`)
    // The extreme moves along with the limit.
    expect(new Home(limitsInForce({ [SYSTOLIC]: { value: 190 } })).measure(0, 225)).to.deep.equal([
      `${PROMPT} active low`,
    ])
    const code = (run: () => unknown) => {
      try {
        run()
      } catch (error) {
        return (error as HomebeatError).code
      }
      return null
    }
    expect(code(() => limitsInForce({ [SYSTOLIC]: { confirm: { withinSeconds: 120 } } }))).to.equal('limits.confirm')
    expect(code(() => limitsInForce({ [SYSTOLIC]: { confirm: { atOnceBeyond: 150 } } }))).to.equal('limits.confirm')
  })

  it('is never lost: after any readings, what crossed is asked for, raised or ended, in bounded time', () => {
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 1, max: 1200 }), systolic: fc.integer({ min: 100, max: 240 }) }),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(steps, (readings) => {
        const home = new Home()
        const open = new Set<string>()
        let taken = 0
        const follow = () => {
          for (const { condition, state } of home.said.slice(taken)) {
            expect(open.has(condition), `${condition} ${state}`).to.equal(state === 'cleared')
            if (state === 'cleared') open.delete(condition)
            else open.add(condition)
          }
          taken = home.said.length
          // One word at a time for one number.
          expect([SYSTOLIC, `unconfirmed-${SYSTOLIC}`, PROMPT].filter((name) => open.has(name)).length).to.be.below(2)
        }
        let seconds = 0
        for (const { wait, systolic } of readings) {
          for (let s = 0; s < wait; s += 30) {
            home.tick((seconds + s) / 60)
            follow()
          }
          seconds += wait
          home.measure(seconds / 60, systolic)
          follow()
          if (systolic > 219) expect(open.has(SYSTOLIC)).to.equal(true)
          else if (systolic > 180) expect(open.size).to.equal(1)
        }
        home.tick(seconds / 60 + 16)
        follow()
        expect(open.has(PROMPT)).to.equal(false)
        const last = readings.at(-1)
        if (last && last.systolic > 180) expect(open.size).to.equal(1)
      }),
    )
  })
})
