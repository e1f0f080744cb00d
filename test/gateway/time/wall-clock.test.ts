import { expect } from 'chai'
import { readTimedatectl, SystemTimeService } from '#gateway/time/time-service.js'
import { judgeWallClock, type WallClockFacts } from '#gateway/time/wall-clock.js'
import { settle, TestClock } from '#test/support/test-clock.js'

describe('The wall clock', () => {
  const NOW = Date.UTC(2026, 5, 1)
  const judge = (over: Partial<WallClockFacts> & { synchronised?: boolean | null } = {}) => {
    const { synchronised = null, ...rest } = over
    const facts = { trust: 'auto' as const, builtAt: NOW - 1000, newest: NOW - 500, ...rest }
    return judgeWallClock(NOW, { service: { synchronised: () => synchronised }, ...facts })
  }

  it('is believed when a time service has set it, even where it is before the last readings', () => {
    expect(judge({ synchronised: true, newest: NOW + 5 })).to.deep.equal({ trusted: true, grounds: 'synchronised' })
  })
  it('is not believed while a time service has not got through, however plausible it is', () => {
    expect(judge({ synchronised: false })).to.deep.equal({ trusted: false, grounds: 'not-synchronised' })
  })
  it('is believed without a time service when it is plausible, and only then', () => {
    expect(judge()).to.deep.equal({ trusted: true, grounds: 'no-time-service' })
    expect(judge({ newest: null }).trusted).to.equal(true)
    expect(judge({ newest: NOW + 1 })).to.deep.equal({ trusted: false, grounds: 'before-journal' })
    expect(judge({ builtAt: NOW + 1 })).to.deep.equal({ trusted: false, grounds: 'before-build' })
  })
  it('is believed whatever the machine says where the configuration says so', () => {
    expect(judge({ trust: 'always', synchronised: false, builtAt: NOW + 1 }).trusted).to.equal(true)
  })

  it('reads what timedatectl says', () => {
    expect(readTimedatectl('NTP=yes\nNTPSynchronized=yes\n')).to.equal(true)
    expect(readTimedatectl('NTP=yes\nNTPSynchronized=no\n')).to.equal(false)
    expect(readTimedatectl('NTP=no\nNTPSynchronized=no\n')).to.equal(null)
    expect(readTimedatectl('')).to.equal(null)
  })

  it('asks timedatectl at most every ten seconds, and nobody once it is synchronised', async () => {
    const clock = new TestClock()
    let asked = 0
    let flag = false
    const service = new SystemTimeService(clock, {
      exists: () => flag,
      timedatectl: async () => {
        asked++
        return 'NTP=yes\nNTPSynchronized=no\n'
      },
    })
    await service.refresh()
    for (let i = 0; i < 20; i++) {
      expect(service.synchronised()).to.equal(false)
      await clock.advance(1000)
    }
    expect(asked).to.equal(2)
    flag = true
    service.synchronised()
    await settle()
    expect(service.synchronised()).to.equal(true)
    await clock.advance(3_600_000)
    expect(service.synchronised()).to.equal(true)
    expect(asked).to.equal(2)
  })

  it('knows nothing of a machine without timedatectl', async () => {
    const service = new SystemTimeService(new TestClock(), {
      exists: () => false,
      timedatectl: () => Promise.reject(new Error('ENOENT')),
    })
    await service.refresh()
    expect(service.synchronised()).to.equal(null)
  })
})
