import { expect } from 'chai'
import { conditionWords } from '#gateway/alerts/channels/preview.js'

describe('A condition in plain words', () => {
  for (const [condition, words] of [
    ['low-oxygen-saturation', 'oxygen saturation low'],
    ['high-body-temperature', 'body temperature high'],
    ['probe-off-spo2', 'probe off spo2'],
    ['silence', 'silence'],
  ] as const) {
    it(`${condition} is "${words}"`, () => {
      expect(conditionWords(condition)).to.equal(words)
    })
  }
})
