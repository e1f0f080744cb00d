import { expect } from 'chai'
import fc from 'fast-check'
import { matches, mayPublish, mayRead, overlap, statusOf } from '#gateway/intake/transports/mqtt/acl.js'

const cuff = { id: 'cuff', topics: ['tele/cuff', 'stat/cuff/'] }
const level = fc.constantFrom(
  'homebeat',
  'v1',
  'cuff',
  'cuff2',
  'meter',
  'tele',
  '+',
  '#',
  '$share',
  '$SYS',
  'g',
  '',
  'x',
)
const topic = fc.array(level, { minLength: 1, maxLength: 7 }).map((levels) => levels.join('/'))

/** Written the other way round than the code: level by level. */
const ownLevels = (text: string) => {
  const levels = text.split('/')
  return [
    ['homebeat', 'v1', 'cuff'],
    ['tele', 'cuff'],
    ['stat', 'cuff'],
  ].some((own) => levels.length > own.length && own.every((name, i) => levels[i] === name))
}

describe('What a device may publish and read', () => {
  it('is what starts with its own levels, spelt out, and nothing else', () => {
    fc.assert(
      fc.property(topic, (text) => {
        expect(mayRead(cuff, text)).to.equal(ownLevels(text))
        if (mayPublish(cuff, text)) expect(ownLevels(text)).to.equal(true)
      }),
    )
  })

  it('lets no filter that it grants name a topic that is not the device’s own', () => {
    const filters = fc.tuple(
      fc.constantFrom('homebeat/v1/cuff/', 'tele/cuff/', 'stat/cuff/', ''),
      fc.oneof(fc.constant('#'), topic),
    )
    const topics = fc.tuple(fc.constantFrom('homebeat/v1/cuff/', 'homebeat/v1/meter/', 'tele/', ''), topic)
    let named = 0
    fc.assert(
      fc.property(filters, topics, (filter, other) => {
        const text = other.join('').replace(/[+#]/g, 'x')
        if (!mayRead(cuff, filter.join('')) || !matches(filter.join(''), text)) return
        named++
        expect(ownLevels(text) || ownLevels(`${text}/`)).to.equal(true)
      }),
      { numRuns: 3000 },
    )
    expect(named).to.be.greaterThan(20)
  })

  for (const filter of [
    '#',
    '+/v1/cuff/x',
    'homebeat/+/cuff/#',
    'homebeat/v1/+/status',
    'homebeat/v1/cuff',
    'homebeat/v1/cuff-2/#',
    'homebeat/v1/cuff2/#',
    '$share/all/homebeat/v1/cuff/#',
    '$SYS/#',
    '$SYS/broker/homebeat/v1/cuff/',
    '/homebeat/v1/cuff/#',
    'HOMEBEAT/v1/cuff/#',
    'tele/#',
    'tele/cuffx/#',
  ])
    it(`refuses ${filter}`, () => {
      expect(mayRead(cuff, filter)).to.equal(false)
    })

  it('finds devices of which one could speak for the other', () => {
    expect(overlap(cuff, { id: 'meter', topics: ['tele/meter'] })).to.equal(false)
    expect(overlap(cuff, { id: 'meter', topics: ['tele'] })).to.equal(true)
    expect(overlap({ id: 'cuff' }, { id: 'cuff-2' })).to.equal(false)
  })
})

describe('A topic filter', () => {
  for (const [filter, text, expected] of [
    ['tele/cuff/#', 'tele/cuff/SENSOR', true],
    ['tele/cuff/#', 'tele/cuff', true],
    ['tele/cuff/#', 'tele/cuffs/SENSOR', false],
    ['tele/+/SENSOR', 'tele/cuff/SENSOR', true],
    ['tele/+/SENSOR', 'tele/a/b/SENSOR', false],
    ['tele/+', 'tele/', true],
    ['tele/+', 'tele', false],
    ['tele/cuff', 'tele/cuff/x', false],
  ] as const)
    it(`${filter} ${expected ? 'names' : 'does not name'} ${text}`, () => {
      expect(matches(filter, text)).to.equal(expected)
    })
})

describe('A status payload', () => {
  const read = (text: string) => statusOf(Buffer.from(text))
  it('is a word or a member of an object', () => {
    expect(['offline', ' online\n', '{"status":"offline"}', '{"status":"online","rssi":-61}'].map(read)).to.deep.equal([
      'offline',
      'online',
      'offline',
      'online',
    ])
  })
  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(read(`x${text}`)).to.equal(null)
      }),
    )
    expect(['', '{', '{}', '{"status":1}', 'null', `{"status":"offline"${' '.repeat(200)}}`].map(read)).to.deep.equal(
      Array(6).fill(null),
    )
  })
})
