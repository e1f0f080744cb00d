import { expect } from 'chai'
import { Evaluator } from '#gateway/clinical/evaluate/evaluate.js'
import { type Inhibition, isInhibited, isNeverInhibited } from '#gateway/clinical/evaluate/inhibition.js'
import { kebab } from '#gateway/clinical/evaluate/technical.js'
import { defaultFindings } from '#gateway/clinical/limits/findings.js'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { T0, TestKit } from '../../engine/frames.js'

const NOW = Date.UTC(2026, 0, 1)
const SENSORS = Object.keys(sensorDefinitions).map(kebab)
/** What nobody can inhibit, and what a person may, of all that the evaluator raises of a patient. */
const DECIDED = {
  never: [
    ...['asystole', 'no-organised-heartbeat', 'no-readable-heartbeat', 'ecg-unreadable', 'no-breath'],
    ...['unreadable-pulse', 'unreadable-ecg', 'unreadable-airflow'],
    ...['lost-while-falling-pulse', 'lost-while-falling-ecg', 'lost-while-falling-airflow'],
    ...['lost-while-rising-pulse', 'lost-while-rising-ecg', 'lost-while-rising-airflow'],
  ],
  // A pause of the heart that is over, a fall that turning somebody looks like, an irregular rhythm, a score.
  findings: [
    ...['ecg-pause', 'irregular-rhythm', 'suspected-fall'],
    ...['news2-high', 'news2-medium', 'news2-single-parameter'],
  ],
  limits: [
    ...['critically-low-oxygen-saturation', 'low-oxygen-saturation', 'reduced-oxygen-saturation'],
    ...['low-pulse-rate', 'reduced-pulse-rate', 'high-pulse-rate', 'elevated-pulse-rate'],
    ...['low-respiratory-rate', 'high-respiratory-rate'],
    ...['low-body-temperature', 'elevated-body-temperature', 'high-body-temperature'],
    ...['low-glucose', 'reduced-glucose', 'elevated-glucose', 'high-glucose'],
    ...['low-systolic-pressure', 'systolic-pressure-crisis', 'diastolic-pressure-crisis'],
  ],
  unknown: ['unreadable', 'lost-while-falling', 'lost-while-rising'].flatMap((family) =>
    SENSORS.filter((name) => !['pulse', 'ecg', 'airflow'].includes(name)).map((name) => `${family}-${name}`),
  ),
}
const KILLS = ['asystole', 'no-organised-heartbeat', 'no-readable-heartbeat', 'no-breath']

describe('What a person inhibits', () => {
  it('never covers a standstill of heart or breath, whatever its scope', () => {
    for (const condition of KILLS) {
      const { observable } = [...defaultFindings, ...defaultLimits].find((row) => row.condition === condition) ?? {}
      const scopes: Inhibition['scope'][] = ['all', { condition }, ...(observable ? [{ observable }] : [])]
      for (const scope of scopes)
        expect(isInhibited([{ scope, until: NOW + 1 }], condition, observable, NOW), condition).to.equal(false)
    }
    expect(isInhibited([{ scope: 'all', until: NOW + 1 }], 'high-pulse-rate', 'pulseRate', NOW)).to.equal(true)
  })

  it('is decided for each condition that can be raised of a patient, and for no other', () => {
    const families = ['unreadable', 'lost-while-falling', 'lost-while-rising']
    const raised = [
      ...[...defaultFindings, ...defaultLimits].map(({ condition }) => condition),
      ...families.flatMap((family) => SENSORS.map((name) => `${family}-${name}`)),
    ]
    expect(Object.values(DECIDED).flat()).to.have.members(raised)
    expect(raised.filter(isNeverInhibited)).to.have.members(DECIDED.never)
    for (const condition of raised) {
      const inhibited = isInhibited([{ scope: { condition }, until: NOW + 1 }], condition, undefined, NOW)
      expect(inhibited, condition).to.equal(!DECIDED.never.includes(condition))
    }
  })

  it('never covers that nobody can know whether the heart beats: a pulse that was lost, or that cannot be', () => {
    const raisedBy = (...clip: (readonly [seconds: number, body: string])[]) => {
      const inhibitions = [{ scope: 'all', until: T0 + 3_600_000 }] as const
      const pipeline = new Pipeline({ patient: 'p', limits: defaultLimits, active: [], inhibitions })
      const kit = new TestKit()
      const raised: string[] = []
      let second = 0
      for (const [seconds, body] of clip)
        for (const end = second + seconds; second < end; second++) {
          const now = T0 + second * 1000
          const steps = [pipeline.accept(kit.frame('O', second * 1000, body), now), pipeline.tick(now + 500)]
          for (const { condition, state, kind } of steps.flatMap(({ transitions }) => transitions))
            if (state === 'active' && kind === 'physiological') raised.push(condition)
        }
      return raised
    }
    // Pulse and oxygen are both lost beyond a limit: that of the oxygen may be inhibited.
    expect(raisedBy([10, 'o,72,97'], [6, 'o,30,80'], [30, 'n,,'])).to.deep.equal(['lost-while-falling-pulse'])
    expect(raisedBy([10, 'o,72,97'], [90, 'o,511,127'])).to.deep.equal(['unreadable-pulse'])
    expect(raisedBy([10, 'o,72,97'], [90, 'o,30,80'])).to.deep.equal([])
  })

  it('lets each finding of a standstill be raised while all is inhibited, and no other', () => {
    const evaluator = new Evaluator({ limits: defaultLimits, inhibitions: [{ scope: 'all', until: NOW + 900_000 }] })
    for (const { condition } of defaultFindings) {
      evaluator.finding({ condition, presence: 'present' }, NOW)
      const later = evaluator.finding({ condition, presence: 'present' }, NOW + 600_000)
      const raised = evaluator.tick(NOW + 600_001)
      const seen = [...later, ...raised].some((one) => one.condition === condition && one.state === 'active')
      const before = evaluator.acknowledge(`${condition}-${NOW}`, NOW + 600_002, { by: 'x', via: 'console' }).length > 0
      expect(seen || before, condition).to.equal(isNeverInhibited(condition))
    }
  })
})
