import { expect } from 'chai'
import { defaultFindings } from '#gateway/clinical/limits/findings.js'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'

describe('the conditions that analysers find', () => {
  it('have a name of their own and a source', () => {
    const names = [...defaultFindings, ...defaultLimits].map(({ condition }) => condition)
    expect(new Set(names).size).to.equal(names.length)
    for (const { condition, source } of defaultFindings) {
      expect(condition).to.match(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(source).to.match(/\w{3}/)
    }
  })

  it('that need somebody, though they may be over, stay until somebody knows', () => {
    const rows = defaultFindings.map(({ condition, priority, latching = false }) => [condition, priority, latching])
    expect(rows).to.deep.include.members([
      ['asystole', 'high', true],
      ['no-organised-heartbeat', 'high', true],
      ['no-readable-heartbeat', 'high', false],
      ['ecg-unreadable', 'medium', false],
      ['ecg-pause', 'medium', true],
      ['irregular-rhythm', 'low', false],
      ['suspected-fall', 'high', true],
    ])
  })
})
