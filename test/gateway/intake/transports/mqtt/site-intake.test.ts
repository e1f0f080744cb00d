import { expect } from 'chai'
import type { IPublishPacket } from 'mqtt'
import { Presence } from '#gateway/intake/transports/mqtt/presence.js'
import { SiteIntake } from '#gateway/intake/transports/mqtt/site-intake.js'
import { Outlet } from '#gateway/intake/transports/outlet.js'
import type { FrameOutcome } from '#gateway/model/transport.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'

describe('What a site’s broker passes on', () => {
  it('is of at most 500 devices: names that somebody makes up there must not add up', async () => {
    const clock = new TestClock()
    const outlet = new Outlet({ name: 'site', clock, capacity: 2000 })
    outlet.open()
    const presence = new Presence(null, silentLogger)
    const intake = new SiteIntake({ transport: 'site', subscribe: [], outlet, presence, clock, logger: silentLogger })
    const outcomes: FrameOutcome[] = []
    const take = (device: string) =>
      intake.take(
        { topic: `homebeat/v1/${device}/data`, payload: Buffer.from('x'), qos: 1 } as unknown as IPublishPacket,
        new AbortController().signal,
        (outcome) => outcomes.push(outcome),
      )
    for (let i = 0; i < 502; i++) await take(`d${i}`)
    await take('d7')
    const reason = 'messages of more than 500 devices'
    const refused = { outcome: 'refused', code: 'mqtt.message-refused', reason }
    expect(outcomes).to.deep.equal([refused, refused])
  })
})
