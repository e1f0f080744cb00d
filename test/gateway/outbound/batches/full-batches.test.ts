import { expect } from 'chai'
import { FullBatches } from '#gateway/outbound/batches/full-batches.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { settle, TestClock } from '#test/support/test-clock.js'

describe('The pace of full batches', () => {
  let clock: TestClock
  let unbatched: number
  let closed: number[]
  /** What closing a batch takes, milliseconds. */
  let cost: number
  let refusal: Error | null
  let full: FullBatches

  beforeEach(() => {
    clock = new TestClock()
    unbatched = 0
    closed = []
    cost = 0
    refusal = null
    const batcher = {
      closeIfDue: async (reason: string, atMost?: number) => {
        expect([reason, atMost]).to.deep.equal(['count', 1])
        closed.push(clock.monotonic())
        await clock.advance(cost)
        if (refusal) throw refusal
        unbatched -= 100
        return null
      },
    }
    const measurements = { unbatchedCount: () => unbatched }
    full = new FullBatches({ measurements, batcher, maxCount: 100, clock, logger: silentLogger })
  })

  /** Readings become durable, again and again, for so long. */
  async function arrive(seconds: number): Promise<void> {
    for (let ms = 0; ms < seconds * 1000; ms += 100) {
      full.committed()
      await settle()
      await clock.advance(100)
    }
  }

  it('closes nothing that is not full', async () => {
    unbatched = 99
    await arrive(2)
    expect(closed).to.deep.equal([])
  })

  it('closes one batch of a burst at once, and the others a second apart', async () => {
    unbatched = 350
    await arrive(10)
    expect(closed).to.have.length(3)
    expect(closed.slice(1).map((at, i) => at - (closed[i] ?? 0))).to.deep.equal([1000, 1000])
    expect(unbatched).to.equal(50)
  })

  it('leaves nineteen parts of twenty of the time to readings, where closing is slow', async () => {
    unbatched = 1000
    cost = 200
    await arrive(13)
    const gaps = closed.slice(1).map((at, i) => at - (closed[i] ?? 0))
    expect(gaps.length).to.be.greaterThan(1)
    for (const gap of gaps) expect(gap).to.be.at.least(cost / 0.05)
  })

  it('tries again at the next time where a batch could not be closed', async () => {
    unbatched = 100
    refusal = new Error('disk full')
    await arrive(0.5)
    refusal = null
    await arrive(2)
    expect(closed).to.have.length(2)
    expect(unbatched).to.equal(0)
  })
})
