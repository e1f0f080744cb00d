import { expect } from 'chai'
import fc from 'fast-check'
import { PubackQueue } from '#gateway/intake/transports/mqtt/puback-queue.js'
import { Throttle } from '#gateway/intake/transports/mqtt/throttle.js'
import { LoginGuard } from '#gateway/platform/net/login-guard.js'
import { TestClock } from '#test/support/test-clock.js'

describe('The throttle', () => {
  it('lets a burst through, then one after the other at its rate, in order and without loss', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 15 })), { maxLength: 15 }),
        async (burst, perSecond, arrivals) => {
          const clock = new TestClock()
          const throttle = new Throttle({ clock, perSecond, burst })
          const passed: { n: number; at: number }[] = []
          let asked = 0
          for (const [pause, count] of arrivals) {
            await clock.advance(pause)
            for (let i = 0; i < count; i++) {
              const n = asked++
              void throttle.take({}).then(() => passed.push({ n, at: clock.monotonic() }))
            }
          }
          await clock.advance((asked / perSecond + 1) * 1000)
          expect(passed.map(({ n }) => n)).to.deep.equal(Array.from({ length: asked }, (_, i) => i))
          for (const [i, { at }] of passed.entries())
            for (const later of passed.slice(i + burst)) {
              const between = passed.indexOf(later) - i
              expect(((later.at - at) / 1000) * perSecond).to.be.at.least(between - burst - 1e-6)
            }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('sends those that wait away when it is closed', async () => {
    const throttle = new Throttle({ clock: new TestClock(), perSecond: 1, burst: 1 })
    expect(await throttle.take({})).to.equal(true)
    const waiting = throttle.take({})
    throttle.close()
    expect(await waiting).to.equal(false)
  })
})

describe('The login guard', () => {
  const attempts = (guard: LoginGuard, address: string, id: string, count: number) =>
    Array.from({ length: count }, () => guard.enter(address, id)).filter(Boolean).length

  it('gives one device five attempts, then one a minute, and others at this address still theirs', async () => {
    const clock = new TestClock()
    const guard = new LoginGuard(clock)
    expect(attempts(guard, '192.0.2.7', 'cuff', 9)).to.equal(5)
    expect(guard.enter('192.0.2.7', 'meter')).to.equal(true)
    await clock.advance(60_000)
    expect(attempts(guard, '192.0.2.7', 'cuff', 9)).to.equal(1)
  })

  it('gives one address twenty, whatever names it tries, and another address its own', () => {
    const guard = new LoginGuard(new TestClock())
    const taken = Array.from({ length: 50 }, (_, i) => guard.enter('192.0.2.7', `d${i}`)).filter(Boolean)
    expect(taken).to.have.length(20)
    expect(guard.enter('192.0.2.8', 'd0')).to.equal(true)
  })

  it('takes an IPv6 network as one, and an IPv4 address in either form', () => {
    const guard = new LoginGuard(new TestClock())
    expect(attempts(guard, '2001:db8:1:2::1', 'cuff', 5)).to.equal(5)
    expect(guard.enter('2001:db8:1:2:ffff::9', 'cuff')).to.equal(false)
    expect(guard.enter('2001:db8:1:3::1', 'cuff')).to.equal(true)
    expect(attempts(guard, '::ffff:192.0.2.7', 'cuff', 5)).to.equal(5)
    expect(guard.enter('192.0.2.7', 'cuff')).to.equal(false)
  })

  it('does not count what was right, answers later and later, and forgets', async () => {
    const clock = new TestClock()
    const guard = new LoginGuard(clock)
    for (let i = 0; i < 50; i++) {
      expect(guard.enter('192.0.2.7', 'cuff')).to.equal(true)
      guard.succeeded('192.0.2.7', 'cuff')
    }
    const delays = Array.from({ length: 4 }, () => {
      guard.enter('192.0.2.7', 'cuff')
      return guard.delay('192.0.2.7')
    })
    expect(delays).to.deep.equal([0, 250, 500, 1000])
    await clock.advance(10 * 60_000)
    expect(guard.delay('192.0.2.7')).to.equal(0)
  })

  it('remembers only so many addresses', () => {
    const guard = new LoginGuard(new TestClock())
    for (let i = 0; i < 5000; i++) guard.enter(`10.0.${i >> 8}.${i & 255}`, 'cuff')
    expect(guard.size).to.be.at.most(2048)
  })
})

describe('The line of acknowledgements', () => {
  it('acknowledges everything once, in the order of arrival, whatever the order of settling', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 40 }), (order) => {
        const acknowledged: number[] = []
        const line = new PubackQueue(10, (id) => acknowledged.push(id))
        const settles = order.map((_, i) => line.add(i))
        const sequence = order.map((key, i) => ({ key, i })).sort((a, b) => a.key - b.key)
        const settled = new Set<number>()
        for (const { i } of sequence) {
          settles[i]?.()
          settled.add(i)
          let first = 0
          while (settled.has(first)) first++
          expect(acknowledged).to.deep.equal(Array.from({ length: first }, (_, n) => n))
        }
      }),
    )
  })

  it('has room for so many, and acknowledges nothing when it is closed', async () => {
    const acknowledged: number[] = []
    const line = new PubackQueue(2, (id) => acknowledged.push(id))
    const [one, two] = [line.add(1), line.add(2)]
    let room = false
    const waiting = line.whenRoom().then(() => {
      room = true
    })
    await Promise.resolve()
    expect(room).to.equal(false)
    one()
    await waiting
    line.close()
    two()
    expect(acknowledged).to.deep.equal([1])
  })
})
