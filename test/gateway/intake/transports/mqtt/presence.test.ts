import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { Presence } from '#gateway/intake/transports/mqtt/presence.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { temporaryFolder } from '#test/gateway/intake/transports/brokers.js'

const everybody = () => true
const presentOf = (presence: Presence) =>
  Object.fromEntries(presence.check().map(({ condition, present }) => [condition, present]))

describe('The presence of devices', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let path: string
  beforeEach(async () => {
    folder = await temporaryFolder()
    path = join(folder.path, 'expected.json')
  })
  afterEach(() => folder.remove())

  it('becomes a technical alert after a minute, and ends with the device’s return', () => {
    const presence = new Presence(null, silentLogger)
    const pipeline = new Pipeline({ patient: 'p', limits: [], active: [], devices: {} })
    const start = Date.UTC(2026, 0, 1, 12)
    const raised = (second: number) =>
      pipeline
        .tick(start + second * 1000, presence.check())
        .transitions.map(({ condition, kind, state }) => `${kind} ${condition} ${state}`)
    presence.here('cuff')
    expect(raised(0)).to.deep.equal([])
    presence.lost('cuff')
    for (let second = 1; second <= 60; second++) expect(raised(second)).to.deep.equal([])
    presence.here('cuff')
    expect(raised(61)).to.deep.equal([])
    presence.lost('cuff')
    const later = Array.from({ length: 62 }, (_, i) => raised(62 + i)).flat()
    expect(later).to.deep.equal(['technical device-lost-cuff active'])
    presence.here('cuff')
    const end = Array.from({ length: 62 }, (_, i) => raised(130 + i)).flat()
    expect(end).to.deep.equal(['technical device-lost-cuff cleared'])
  })

  it('expects after a restart those that were here or lost, and nobody else', () => {
    const step = fc.tuple(fc.constantFrom('here', 'lost', 'gone'), fc.constantFrom('a', 'b', 'c'))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const file = join(folder.path, `${Math.random()}.json`)
        const before = new Presence(file, silentLogger)
        const last = new Map<string, string>()
        for (const [what, id] of steps) {
          before[what as 'here'](id)
          last.set(id, what)
        }
        const after = new Presence(file, silentLogger)
        after.load(everybody)
        const expected = [...last].filter(([, what]) => what !== 'gone').map(([id]) => `device-lost-${id}`)
        expect(Object.keys(presentOf(after)).sort()).to.deep.equal(expected.sort())
        expect(Object.values(presentOf(after))).to.not.include(false)
      }),
      { numRuns: 30 },
    )
  })

  it('starts although its file is damaged or open to others', () => {
    for (const [text, mode] of [
      ['["cuff"', 0o600],
      ['["../../x"]', 0o600],
      ['["cuff"]', 0o644],
    ] as const) {
      writeFileSync(path, text)
      chmodSync(path, mode)
      const presence = new Presence(path, silentLogger)
      presence.load(everybody)
      expect(presence.check()).to.deep.equal([])
    }
  })
})
