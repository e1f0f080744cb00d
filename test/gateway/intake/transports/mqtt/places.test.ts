import { expect } from 'chai'
import { Slots } from '#gateway/intake/transports/mqtt/slots.js'
import { Throttle } from '#gateway/intake/transports/mqtt/throttle.js'
import { TestClock } from '#test/support/test-clock.js'

describe('A place or a turn that is taken at once', () => {
  it('is none that somebody already waits for', async () => {
    const slots = new Slots(1)
    expect(slots.tryTake()).to.equal(true)
    expect(slots.tryTake()).to.equal(false)
    const waiting = slots.take({})
    slots.release()
    expect(slots.tryTake()).to.equal(false)
    expect(await waiting).to.equal(true)
    slots.release()
    expect(slots.tryTake()).to.equal(true)
    slots.close()
    slots.release()
    expect(slots.tryTake()).to.equal(false)
  })

  it('is none before the pace allows it, nor before those who asked earlier', async () => {
    const clock = new TestClock()
    const throttle = new Throttle({ clock, perSecond: 1, burst: 1 })
    expect(throttle.tryTake()).to.equal(true)
    expect(throttle.tryTake()).to.equal(false)
    const earlier = throttle.take({})
    await clock.advance(900)
    expect(throttle.tryTake()).to.equal(false)
    await clock.advance(200)
    expect(await earlier).to.equal(true)
    expect(throttle.tryTake()).to.equal(false)
    throttle.close()
  })

  it('is none that waits for somebody who has gone', async () => {
    const [gone, here] = [{}, {}]
    const slots = new Slots(0)
    const throttle = new Throttle({ clock: new TestClock(), perSecond: 1, burst: 1 })
    throttle.tryTake()
    for (const queue of [slots, throttle]) {
      const waiting = [queue.take(gone), queue.take(here), queue.take(gone)]
      queue.forget(gone)
      expect(await Promise.all([waiting[0], waiting[2]])).to.deep.equal([false, false])
      queue.close()
      expect(await waiting[1]).to.equal(false)
    }
  })
})
