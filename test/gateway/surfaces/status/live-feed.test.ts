import { expect } from 'chai'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { LiveHub } from '#gateway/surfaces/console/live-hub.js'
import { LiveFeed } from '#gateway/surfaces/status/live-feed.js'
import { TestClock } from '#test/support/test-clock.js'

describe('The live feed', () => {
  it('writes an alert to an open page once', async () => {
    const clock = new TestClock()
    const feed = new LiveFeed({ version: 'x', home: 'h', journal: {} as never, transports: [], clock })
    feed.status = () => ({}) as never
    const hub = new LiveHub({ feed, clock, logger: silentLogger, maxClients: 1, maxBuffered: 1e9 })
    let text = ''
    const write = (chunk: Buffer) => {
      text += chunk.toString()
    }
    const remove = hub.add({ write, buffered: () => 0, drop() {}, end() {} })
    const pipeline = new Pipeline({ patient: 'p', limits: defaultLimits, active: [] })
    feed.take(pipeline.tick(1000, [{ condition: 'disk-low', priority: 'medium', delayMs: 0, present: true }]))
    await clock.advance(1000)
    remove()
    expect(text.split('"type":"alert"').length - 1).to.equal(1)
  })
})
