import { expect } from 'chai'
import { DiskCheck } from '#gateway/liveness/disk-check.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { settle } from '#test/support/test-clock.js'

const MB = 1024 * 1024

describe('The check of the disk', () => {
  let freeMb = 0
  let asked = 0
  let lows = 0
  let broken = false
  let check: DiskCheck

  beforeEach(() => {
    freeMb = 2000
    asked = 0
    lows = 0
    broken = false
    check = new DiskCheck({
      folder: '/data',
      lowMb: 500,
      criticalMb: 100,
      statfs: async () => {
        asked++
        if (broken) throw new Error('EIO')
        return { bavail: (freeMb * MB) / 4096, bsize: 4096 }
      },
      logger: silentLogger,
    })
    check.onLow(() => lows++)
  })

  /** What is present after the disk was asked at this second. */
  async function present(second: number): Promise<string[]> {
    check.check(second * 1000)
    await settle()
    return check.check(second * 1000).flatMap(({ condition, present }) => (present ? [condition] : []))
  }

  it('says nothing before it knows: an alert from before a restart is not over', async () => {
    expect(check.check(0)).to.deep.equal([])
    await settle()
    expect(check.check(1000).map(({ present }) => present)).to.deep.equal([false, false])
  })

  it('raises low, then critical in its place, and ends them with a margin', async () => {
    expect(await present(0)).to.deep.equal([])
    freeMb = 499
    expect(await present(10)).to.deep.equal(['disk-low'])
    expect(check.isLow).to.equal(true)
    freeMb = 501
    expect(await present(20)).to.deep.equal(['disk-low'])
    freeMb = 99
    expect(await present(30)).to.deep.equal(['disk-critical'])
    freeMb = 120
    expect(await present(40)).to.deep.equal(['disk-low'])
    freeMb = 551
    expect(await present(50)).to.deep.equal([])
    expect(check.isLow).to.equal(false)
  })

  it('asks the disk every ten seconds, also after the clock was set back', async () => {
    for (let second = 0; second < 30; second++) await present(second)
    expect(asked).to.equal(3)
    await present(5)
    expect(asked).to.equal(4)
  })

  it('calls once each time the disk becomes low', async () => {
    freeMb = 400
    for (const second of [0, 10, 20]) await present(second)
    expect(lows).to.equal(1)
    freeMb = 1000
    await present(30)
    freeMb = 400
    await present(40)
    expect(lows).to.equal(2)
  })

  it('keeps what it knew while the disk does not answer', async () => {
    freeMb = 50
    await present(0)
    broken = true
    expect(await present(10)).to.deep.equal(['disk-critical'])
  })
})
