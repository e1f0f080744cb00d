import { expect } from 'chai'
import { defaultLimits } from '#gateway/alerts/limits.js'
import { LiveHub } from '#gateway/console/live-hub.js'
import { Pipeline } from '#gateway/pipeline/pipeline.js'
import { silentLogger } from '#gateway/runtime/logger.js'
import { LiveFeed } from '#gateway/status/live-feed.js'
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
