import { expect } from 'chai'
import type { Measurement } from '#fhir/measurement.js'
import { Evaluator } from '#gateway/clinical/evaluate/evaluate.js'
import { describeNews2 } from '#gateway/clinical/scores/news2.js'
import { News2Watch } from '#gateway/clinical/scores/news2-watch.js'
import type { AlertTransition } from '#gateway/model/alert.js'

const START = Date.UTC(2026, 0, 2)
const MINUTE_MS = 60_000

class Bed {
  readonly watch = new News2Watch()
  readonly evaluator = new Evaluator({ limits: [] })
  readonly transitions: AlertTransition[] = []
  now = START

  see(observable: Measurement['observable'], value: number, quality: Measurement['quality'] = 'good'): void {
    const identifier = `${observable}-${this.now}`
    const measurement: Measurement = {
      ...{ identifier, sensor: 'pulse', observable, deviceId: 'kit-1', at: this.now, quality, remarks: [] },
      value: { type: 'quantity', value },
    }
    this.watch.see({ measurement, stored: true, spot: false, superseded: false }, this.now)
  }

  /** @param values sent again with every second */
  run(ms: number, values: Partial<Record<Measurement['observable'], number>> = {}): string[] {
    const before = this.transitions.length
    for (const end = this.now + ms; this.now < end; this.now += 1000) {
      for (const [observable, value] of Object.entries(values)) this.see(observable as Measurement['observable'], value)
      for (const finding of this.watch.tick(this.now))
        this.transitions.push(...this.evaluator.finding(finding, this.now))
      this.transitions.push(...this.evaluator.tick(this.now))
    }
    return this.transitions.slice(before).map(({ condition, state }) => `${condition} ${state}`)
  }
}

const WELL = { respiratoryRate: 16, oxygenSaturation: 97, pulseRate: 70, bodyTemperature: 36.8 }

describe('NEWS2 as values come', () => {
  it('says nothing before a value, and nothing of a well person', () => {
    const bed = new Bed()
    expect(bed.watch.tick(START)).to.deep.equal([])
    expect(bed.run(10 * MINUTE_MS, WELL)).to.deep.equal([])
  })

  it('counts no exercise among the open alarms', () => {
    const bed = new Bed()
    const alert = { kind: 'technical', priority: 'high', state: 'active', at: START, raisedAt: START } as const
    bed.watch.note([
      { ...alert, alertId: 'rehearsal-1', condition: 'rehearsal' },
      { ...alert, alertId: 'asystole-1', condition: 'asystole' },
    ])
    expect(bed.watch.score(START).openAlarms.map(({ condition }) => condition)).to.deep.equal(['asystole'])
  })

  it('raises high only when it lasts, with the score and a value on the record', () => {
    const bed = new Bed()
    const ill = { ...WELL, respiratoryRate: 26, oxygenSaturation: 92, pulseRate: 115 }
    bed.run(MINUTE_MS, WELL)
    expect(bed.run(30_000, ill)).to.deep.equal([])
    expect(bed.run(MINUTE_MS, WELL)).to.deep.equal([])
    expect(bed.run(2 * MINUTE_MS, ill)).to.deep.equal(['news2-high active'])
    const [raised] = bed.transitions
    expect(raised).to.deep.include({ value: 7, limit: { comparator: '>=', value: 7 }, priority: 'high' })
    expect(raised?.measurement).to.match(/^(pulseRate|respiratoryRate|oxygenSaturation|bodyTemperature)-/)
  })

  it('does not flutter at its edge, and ends when it is clearly better', () => {
    const bed = new Bed()
    bed.run(2 * MINUTE_MS, { ...WELL, respiratoryRate: 26, oxygenSaturation: 92, pulseRate: 115 })
    expect(
      bed.run(5 * MINUTE_MS, { ...WELL, respiratoryRate: 26, oxygenSaturation: 94, pulseRate: 115 }),
    ).to.deep.equal(['news2-medium active'])
    expect(bed.run(MINUTE_MS, WELL)).to.deep.equal(['news2-high cleared', 'news2-medium cleared'])
  })

  it('a single 3 is told once it has lasted for minutes, and not beside a worse score', () => {
    const bed = new Bed()
    expect(bed.run(4 * MINUTE_MS, { ...WELL, respiratoryRate: 26 })).to.deep.equal([])
    expect(bed.run(2 * MINUTE_MS, { ...WELL, respiratoryRate: 26 })).to.deep.equal(['news2-single-parameter active'])
    const other = new Bed()
    expect(other.run(10 * MINUTE_MS, { ...WELL, respiratoryRate: 26, pulseRate: 115 })).to.deep.equal([
      'news2-medium active',
    ])
  })

  it('does not call it better when a probe has come off', () => {
    const bed = new Bed()
    bed.run(2 * MINUTE_MS, { ...WELL, respiratoryRate: 26, oxygenSaturation: 92, pulseRate: 115 })
    const { respiratoryRate: _, ...rest } = WELL
    expect(bed.run(10 * MINUTE_MS, { ...rest, oxygenSaturation: 92, pulseRate: 115 })).to.deep.equal([])
  })

  it('counts what a person entered', () => {
    const bed = new Bed()
    bed.watch.enterConsciousness({ value: 'voice', at: START }, START)
    bed.watch.enterOxygen({ value: 'oxygen', at: START }, START)
    expect(bed.watch.score(START)).to.include({ total: 5 })
    bed.watch.enterConsciousness({ value: 'alert', at: START - 1 }, START)
    expect(bed.watch.score(START), 'an older entry changes nothing').to.include({ total: 5 })
  })

  it('believes what is measured now over what was measured before the clock was set back', () => {
    const bed = new Bed()
    bed.see('pulseRate', 140)
    bed.now -= 3_600_000
    bed.see('pulseRate', 70)
    expect(bed.watch.score(bed.now).parts.pulse).to.include({ value: 70, state: 'measured' })
  })

  it('takes the ECG’s rate for the pulse where no clip gives one', () => {
    const bed = new Bed()
    bed.see('heartRate', 118)
    expect(bed.watch.score(START).parts.pulse).to.include({ value: 118, state: 'measured' })
    bed.now += 1000
    bed.see('pulseRate', 70)
    expect(bed.watch.score(bed.now).parts.pulse).to.include({ value: 70 })
  })

  describe('contradicted', () => {
    const judged = (
      observable: Measurement['observable'],
      sensor: Measurement['sensor'],
      now: number,
      more: Partial<Measurement>,
    ) => ({
      ...{ stored: true, spot: false, superseded: false },
      measurement: {
        ...{ identifier: `i-${now}`, sensor, observable, deviceId: 'kit-1', at: now, quality: 'good', remarks: [] },
        ...{ value: { type: 'quantity', value: 70 } },
        ...more,
      } as Measurement,
    })
    const alert = (
      condition: string,
      state: AlertTransition['state'],
      at: number,
      kind: AlertTransition['kind'] = 'physiological',
    ) => ({
      ...({ alertId: `${condition}-1`, condition, kind, priority: 'high', state, at, raisedAt: START } as const),
    })
    const absent = (remark: string) => ({
      ...({ value: { type: 'absent', reason: 'not-performed' }, quality: 'missing', remarks: [remark] } as const),
    })

    it('a standstill voids the pulse and an apnoea the respiration, at once, and it says so with the open alarms', () => {
      const watch = new News2Watch()
      watch.see(judged('pulseRate', 'pulse', START, {}), START)
      watch.see(judged('respiratoryRate', 'airflow', START, { value: { type: 'quantity', value: 16 } }), START)
      watch.see(judged('oxygenSaturation', 'spo2', START, { value: { type: 'quantity', value: 97 } }), START)
      const now = START + 48_000
      watch.note([alert('asystole', 'active', now)])
      watch.see(judged('respiratoryRate', 'airflow', now, absent('no-breath')), now)
      const score = watch.score(now)
      expect(score).to.deep.include({ total: 0, risk: null, void: ['respiration', 'pulse'] })
      expect(score.parts.pulse).to.deep.include({ state: 'void', value: null, why: 'asystole', ageSeconds: 48 })
      expect(score.parts.oxygenSaturation).to.include({ state: 'measured', ageSeconds: 48 })
      expect(score.openAlarms).to.deep.equal([{ condition: 'asystole', priority: 'high', since: START }])
      const words = describeNews2(score)
      expect(words).to.match(/^NEWS2 at least 0 \(risk not known\)\./)
      expect(words).to.contain('respiration not known (no breath); pulse not known (asystole)')
      expect(words)
        .to.contain('oxygen saturation 48 s')
        .and.to.match(/Open alarms: asystole \(high\)\.$/)
    })

    it('stays void while the oximeter goes on with what it held, and until the alert is over', () => {
      const watch = new News2Watch()
      watch.note([alert('no-organised-heartbeat', 'active', START)])
      watch.see(judged('pulseRate', 'pulse', START + 1000, {}), START + 1000)
      expect(watch.score(START + 1000).parts.pulse).to.include({ state: 'void' })
      watch.note([alert('no-organised-heartbeat', 'acknowledged', START + 2000)])
      watch.see(judged('pulseRate', 'pulse', START + 2000, {}), START + 2000)
      expect(watch.score(START + 2000).parts.pulse).to.include({ state: 'void' })
      watch.note([alert('no-organised-heartbeat', 'cleared', START + 3000)])
      watch.see(judged('pulseRate', 'pulse', START + 4000, {}), START + 4000)
      expect(watch.score(START + 4000).parts.pulse).to.include({ state: 'measured', value: 70 })
    })

    for (const [what, more] of [
      ['a probe that is off', absent('probe-off')],
      ['a fault', absent('fault')],
      ['an impossible value', { quality: 'implausible', value: { type: 'quantity', value: 511 } }],
    ] as const) {
      it(`${what} voids what the same sensor said, and no other’s`, () => {
        const watch = new News2Watch()
        watch.see(judged('pulseRate', 'pulse', START, {}), START)
        watch.see(judged('heartRate', 'ecg', START + 1000, more), START + 1000)
        expect(watch.score(START + 1000).parts.pulse.state).to.equal('measured')
        watch.see(judged('pulseRate', 'pulse', START + 2000, more), START + 2000)
        expect(watch.score(START + 2000).parts.pulse.state).to.equal('void')
        watch.see(judged('pulseRate', 'pulse', START + 3000, {}), START + 3000)
        expect(watch.score(START + 3000).parts.pulse.state).to.equal('measured')
      })
    }

    it('a clip that searches, or jumps, contradicts nothing, and is not counted', () => {
      const watch = new News2Watch()
      watch.see(judged('pulseRate', 'pulse', START, {}), START)
      watch.see(judged('pulseRate', 'pulse', START + 1000, absent('acquiring')), START + 1000)
      watch.see(
        { ...judged('pulseRate', 'pulse', START + 2000, { value: { type: 'quantity', value: 180 } }), held: true },
        START + 2000,
      )
      expect(watch.score(START + 2000).parts.pulse).to.include({ state: 'measured', value: 70 })
    })
  })

  it('passes over what no living body gives', () => {
    const bed = new Bed()
    bed.see('pulseRate', 0, 'implausible')
    expect(bed.watch.score(START).missing).to.include('pulse')
  })
})
