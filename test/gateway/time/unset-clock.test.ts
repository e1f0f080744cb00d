/** A whole gateway that starts in the past, as a Raspberry Pi does after a power cut. */
import { join } from 'node:path'
import { expect } from 'chai'
import { composeGateway } from '#gateway/compose/gateway.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { systemClock } from '#gateway/platform/clock.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { TestHome } from '#test/support/home.js'

const LATE_MS = 7 * 3_600_000

describe('a gateway whose clock is not set when it starts', function () {
  this.timeout(60_000)
  const home = new TestHome()
  const chain = new ChainSimulator({ port: 0 })
  before(() => chain.start())
  after(async () => {
    await chain.stop()
    home.remove()
  })

  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  it('closes no batch until it is, and then with the true times', async () => {
    let set = false
    const record = join(packageRoot, 'test', 'fixtures', 'wfdb', 'odd.hea')
    const loaded = home.configure({
      clock: { trust: 'auto' },
      transports: [{ name: 'replay', url: `replay:${record}?speed=0`, device: 'replay' }],
      chain: { endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract },
      batches: { cron: '* * * * * *' },
    })
    const started = Date.now()
    const gateway = await composeGateway(loaded, {
      logger: silentLogger,
      clock: { ...systemClock, now: () => Date.now() - (set ? 0 : LATE_MS) },
      timeService: { synchronised: () => set, refresh: async () => {} },
    })
    await gateway.start()
    try {
      await until(() => (gateway.status().clock?.held ?? 0) > 0)
      expect(gateway.status().clock).to.deep.include({ trusted: false, grounds: 'not-synchronised', lastStep: null })
      expect(gateway.status().batches).to.deep.include({ closed: 0, open: 0 })
      set = true
      await until(() => gateway.status().batches.closed > 0)
      expect(gateway.status().clock).to.deep.include({ trusted: true, held: 0 })
      expect(gateway.status().clock?.lastStep?.byMs).to.be.within(LATE_MS - 50, LATE_MS + 50)
    } finally {
      await gateway.stop(0)
    }
    const journal = openJournalReader(join(home.dataDir, 'journal.db'))
    try {
      const batch = journal.batches.byNumber(1)
      expect(batch?.header.periodStart).to.be.within(started - 1000, Date.now())
      expect(batch?.leaves[0]?.observation).to.contain('re-stamped').and.not.contain('clock-unset')
    } finally {
      journal.close()
    }
  })
})
