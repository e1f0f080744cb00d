import { expect } from 'chai'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline, type PipelineOptions } from '#gateway/engine/pipeline.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { T0, TestKit } from './frames.js'

const HIGH = 'o,2000-00-00T00:00,236,136,90'
const LOW = 'o,2000-00-00T00:00,85,50,60'
const WELL = 'o,2000-00-00T00:00,125,80,70'

class Home {
  readonly pipeline: Pipeline
  #at = 0

  constructor(options: Partial<PipelineOptions> = {}) {
    this.pipeline = new Pipeline({ patient: 'patient-1', limits: limitsInForce(), active: [], ...options })
  }

  /** The cuff's whole memory, oldest first: `status,stamp,systolic,diastolic,pulse`. */
  cuff(...records: string[]): PipelineStep[] {
    return this.#dump('cuff', 'P', records)
  }

  meter(...records: string[]): PipelineStep[] {
    return this.#dump('glucometer', 'U', records)
  }

  #dump(to: string, type: string, records: string[]): PipelineStep[] {
    this.#at += 3_600_000
    const kit = new TestKit(T0 + this.#at)
    return [
      this.pipeline.accept(kit.frame('H', 0, `begin,${to},0,0,0`), T0 + this.#at),
      this.pipeline.accept(kit.frame('H', 10, `end,${to},${records.length},0,0`), T0 + this.#at + 10),
      ...records.map((record, index) => {
        const [status, ...rest] = record.split(',')
        const body = `${status},${index},${rest.join(',')}`
        return this.pipeline.accept(kit.frame(type, 100 + index, body), T0 + this.#at + 100 + index)
      }),
    ]
  }
}

const raised = (steps: readonly PipelineStep[]) =>
  steps.flatMap(({ transitions }) =>
    transitions.filter(({ state }) => state === 'active').map(({ condition }) => condition),
  )
const CRISIS = ['systolic-pressure-crisis', 'diastolic-pressure-crisis']

describe('an undated record of a memory', () => {
  it('that nobody knows the age of is kept, marked, not shown as the latest and not alarmed on', () => {
    const home = new Home()
    const steps = home.cuff(WELL, HIGH)
    expect(raised(steps)).to.deep.equal([])
    const kept = steps
      .flatMap(({ measurements }) => measurements)
      .filter(({ observable }) => observable === 'bloodPressure')
    expect(kept).to.have.length(2)
    expect(kept[1]?.remarks).to.include('undated-from-memory')
    expect(home.pipeline.values()).to.deep.equal([])
  })

  it('that was not there when the device was last asked was taken since then: full priority', () => {
    const home = new Home()
    home.cuff(WELL)
    const steps = home.cuff(WELL, HIGH)
    expect(raised(steps)).to.deep.equal(CRISIS)
    expect(steps.flatMap(({ transitions }) => transitions)[0]?.priority).to.equal('high')
    // And not again when the same memory is read again.
    expect(raised(home.cuff(WELL, HIGH))).to.deep.equal([])
  })

  it('is new also after an empty memory, and in a full one that drops its oldest', () => {
    const empty = new Home()
    empty.cuff()
    expect(raised(empty.cuff(HIGH))).to.deep.equal(CRISIS)
    const full = new Home()
    full.cuff(HIGH, WELL, WELL)
    expect(raised(full.cuff(WELL, WELL, HIGH))).to.deep.equal(CRISIS)
    const equal = new Home()
    equal.cuff(HIGH, HIGH)
    expect(raised(equal.cuff(HIGH, HIGH, HIGH))).to.deep.equal(CRISIS)
  })

  it('is not new where the memory has only lost its oldest', () => {
    const home = new Home()
    home.cuff(WELL, LOW)
    expect(raised(home.cuff(LOW))).to.deep.equal([])
  })

  for (const stamp of ['2000-00-00T00:00', '2000-01-01T00:07', '1999-13-41T25:61', '2099-01-01T00:00']) {
    it(`may bear the stamp ${stamp}, of a cuff or a meter`, () => {
      const home = new Home()
      expect(raised(home.meter(`o,${stamp},45,00`))).to.deep.equal([])
      expect(raised(home.meter(`o,${stamp},45,00`, `o,${stamp},44,00`))).to.deep.equal(['low-glucose'])
    })
  }

  it('is known by the journal after a restart: new beside what the journal has, old where it has it', () => {
    const before = new Home()
    const kept = before.cuff(WELL, LOW).flatMap(({ measurements }) => measurements)
    const stored = (identifier: string) => {
      const measurement = kept.find((one) => one.identifier === identifier)
      return measurement ? { measurement } : null
    }
    expect(raised(new Home({ stored }).cuff(WELL, LOW))).to.deep.equal([])
    expect(raised(new Home({ stored }).cuff(WELL, LOW, HIGH))).to.deep.equal(CRISIS)
  })

  it('changes nothing for a record with a date', () => {
    expect(raised(new Home().cuff('o,2026-01-01T12:30,236,136,90'))).to.deep.equal(CRISIS)
  })
})
