import { expect } from 'chai'
import type { Measurement } from '#fhir/measurement.js'
import { Evaluator } from '#gateway/clinical/evaluate/evaluate.js'
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

  it('passes over what no living body gives', () => {
    const bed = new Bed()
    bed.see('pulseRate', 0, 'implausible')
    expect(bed.watch.score(START).missing).to.include('pulse')
  })
})
