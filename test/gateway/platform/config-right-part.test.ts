import { expect } from 'chai'
import { z } from 'zod'
import { parseRightPart } from '#gateway/platform/config-right-part.js'

describe('What of a wrong configuration is right', () => {
  it('is found in a few rounds, however many keys nobody knows', () => {
    const schema = z.strictObject({
      a: z.strictObject({ b: z.number() }),
      list: z.array(z.strictObject({ c: z.number() })),
    })
    let rounds = 0
    const counted = new Proxy(schema, {
      get: (target, key) => {
        if (key === 'safeParse') rounds++
        return Reflect.get(target, key)
      },
    })
    const unknown = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key-${i}`, i]))
    const given = { ...unknown, a: { b: 1, ...unknown }, list: [{ c: 1 }, { c: 'x' }, { c: 3 }] }
    const { config, problems } = parseRightPart(counted, given, {})
    expect(config).to.deep.equal({ a: { b: 1 }, list: [{ c: 1 }, { c: 3 }] })
    expect(problems).to.have.length(601)
    expect(rounds).to.be.below(6)
  })
})
