import { expect } from 'chai'
import { conditionWords as previewWords } from '#gateway/alerts/channels/preview.js'
import { defaultFindings } from '#gateway/alerts/findings.js'
import { defaultLimits } from '#gateway/alerts/limits.js'
import { conditionWords } from '#gateway/console/words.js'

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
      ['ecg-pause', 'medium', true],
      ['irregular-rhythm', 'low', false],
      ['suspected-fall', 'high', true],
    ])
  })

  it('are told as what was seen and where to look, never as a diagnosis', () => {
    expect(conditionWords('irregular-rhythm')).to.equal('Irregular rhythm: review the ECG')
    expect(previewWords('asystole')).to.equal('no heart beat seen: look at the patient, then at the electrodes')
    for (const { condition } of defaultFindings) {
      expect(conditionWords(condition).toLowerCase()).to.equal(previewWords(condition).toLowerCase())
      expect(previewWords(condition)).to.not.match(/fibrillation|arrest|asystole|syncope|block/i)
    }
  })
})
