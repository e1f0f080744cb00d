import { expect } from 'chai'
import fc from 'fast-check'
import { parseStrictJson } from '#gateway/proofs/strict-json.js'

const refusal = (text: string): string | null => {
  try {
    parseStrictJson(text)
    return null
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('strict JSON (RFC 7493)', () => {
  it('reads what JSON.parse reads, where every key stands once', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), (value, spaced) => {
        const text = JSON.stringify(value, null, spaced ? 2 : undefined)
        if (text.includes('__proto__') || /\\ud[89a-f]/i.test(text)) return
        expect(parseStrictJson(text)).to.deep.equal(JSON.parse(text))
      }),
    )
  })

  it('refuses a key that stands twice, at any depth and however it is written', () => {
    const keys = fc.string({ minLength: 1 }).filter((key) => key !== '__proto__' && !/\p{Cs}/u.test(key))
    fc.assert(
      fc.property(keys, fc.jsonValue(), fc.jsonValue(), fc.integer({ min: 0, max: 5 }), (key, one, two, depth) => {
        const [a, b] = [JSON.stringify(one), JSON.stringify(two)]
        if (`${a}${b}`.includes('__proto__') || /\\ud[89a-f]/i.test(`${a}${b}`)) return
        const escaped = [...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
        const other = [...key].every((c) => c.length === 1) ? `"${escaped}"` : JSON.stringify(key)
        const twice = `{ ${JSON.stringify(key)} : ${a}, "between": [ {} ], ${other}:${b} }`
        expect(refusal('[{"x":'.repeat(depth) + twice + '}]'.repeat(depth))).to.equal('record.ambiguous')
      }),
    )
  })

  const wrong: Record<string, string> = {
    'a whole fake member before the true one': '{"observation":{"a":1},"salt":"x","observation":{"a":2}}',
    __proto__: '{"a":{"__proto__":{"b":1}}}',
    'an escaped __proto__': '{"\\u005f_proto__":1}',
    'a number beyond a double': '{"value":76.000000000000000001}',
    'a number without end': '{"value":1e999}',
    'an unpaired surrogate': '{"a":"\\ud800"}',
    'endless nesting': '['.repeat(100) + ']'.repeat(100),
  }
  for (const [name, text] of Object.entries(wrong))
    it(`refuses ${name}`, () => expect(refusal(text)).to.equal('record.ambiguous'))

  it('says that what is no JSON is none, in one line that quotes nothing of it', () => {
    for (const text of ['', '{', '{"value":40,}', 'secret', `${'['.repeat(50_000)}`]) {
      expect(refusal(text), text.slice(0, 20)).to.equal('record.not-json')
      expect(() => parseStrictJson(text)).to.throw(/^The record is not JSON: give a file[^\n]*$/)
    }
  })
})
