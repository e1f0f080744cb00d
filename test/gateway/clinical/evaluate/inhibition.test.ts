import { expect } from 'chai'
import { Evaluator } from '#gateway/clinical/evaluate/evaluate.js'
import { type Inhibition, isInhibited, NEVER_INHIBITED } from '#gateway/clinical/evaluate/inhibition.js'
import { defaultFindings } from '#gateway/clinical/limits/findings.js'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'

const NOW = Date.UTC(2026, 0, 1)
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

  it('is made of conditions that there are', () => {
    const known = [...defaultFindings, ...defaultLimits].map(({ condition }) => condition)
    expect([...NEVER_INHIBITED].filter((one) => !known.includes(one) && !one.startsWith('unreadable-'))).to.deep.equal(
      [],
    )
    expect(NEVER_INHIBITED).to.include.all.keys(...KILLS)
  })

  it('lets each finding of a standstill be raised while all is inhibited, and no other', () => {
    const evaluator = new Evaluator({ limits: defaultLimits, inhibitions: [{ scope: 'all', until: NOW + 900_000 }] })
    for (const { condition } of defaultFindings) {
      evaluator.finding({ condition, presence: 'present' }, NOW)
      const later = evaluator.finding({ condition, presence: 'present' }, NOW + 600_000)
      const raised = evaluator.tick(NOW + 600_001)
      const seen = [...later, ...raised].some((one) => one.condition === condition && one.state === 'active')
      const before = evaluator.acknowledge(`${condition}-${NOW}`, NOW + 600_002, { by: 'x', via: 'console' }).length > 0
      expect(seen || before, condition).to.equal(NEVER_INHIBITED.has(condition))
    }
  })
})
