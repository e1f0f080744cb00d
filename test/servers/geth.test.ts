import { expect } from 'chai'
import type { Address, ClosedBatch } from '#gateway/model/batch.js'
import { verifyRecord } from '#gateway/outbound/batches/verify.js'
import { AnchorDeliverer } from '#gateway/outbound/chain/anchor-deliverer.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import { systemClock } from '#gateway/platform/clock.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { recordOf } from '#gateway/proofs/record.js'
import { anchorEntry, Home } from '#test/gateway/outbound/batches/home.js'
import { admitGateway, foundConsortium, GETH_TERMS } from '#test/support/consortium.js'
import { type GethNetwork, requireGeth, startGethNetwork } from '#test/support/geth.js'

describe('five geth validators', function () {
  this.timeout(5 * 60_000)
  let network: GethNetwork | undefined
  let ledger: EthersLedger | undefined
  let home: Home | undefined
  let deliverer: AnchorDeliverer
  const batches: ClosedBatch[] = []

  before(async function () {
    this.timeout(25 * 60_000)
    await requireGeth(this)
    network = await startGethNetwork()
    const { endpoints, chainId } = network
    const contract = await foundConsortium(network)
    home = await Home.open({ chainId, contract })
    await admitGateway(network, contract, home.wallet.address)
    ledger = new EthersLedger({ endpoints, chainId, contract })
    deliverer = new AnchorDeliverer({
      ...{ ledger, journal: home.journal, signer: home.wallet, clock: systemClock, logger: silentLogger },
      ...{ ...GETH_TERMS, pollMs: 500 },
    })
  })
  after(async function () {
    this.timeout(60_000)
    ledger?.close()
    await home?.close()
    await network?.stop()
  })

  const running = () => {
    if (!network || !ledger || !home) throw new Error('the network is not running')
    return { network, ledger, home }
  }
  async function anchor(): Promise<void> {
    const batch = await running().home.batch(5)
    batches.push(batch)
    const { outcome } = await deliverer.deliver(anchorEntry(batch.header.number), new AbortController().signal)
    expect(outcome.class, JSON.stringify(outcome)).to.equal('delivered')
  }

  it('anchor batches', async () => {
    await anchor()
    await anchor()
  })

  it('go on when the validator that is asked first is killed', async () => {
    const { network, ledger } = running()
    await network.kill(0)
    await anchor()
    await anchor()
    expect(ledger.status()[0]?.ok).to.equal(false)
  })

  it('take the killed one back, which then shows the same history', async () => {
    const { network, home } = running()
    await network.restart(0)
    await anchor()
    await network.agree()
    const alone = new EthersLedger({ endpoints: network.endpoints.slice(0, 1), ...home.domain })
    try {
      const events = await alone.history(home.wallet.address as Address)
      expect(events.map(({ number, root }) => ({ number, root }))).to.deep.equal(
        batches.map(({ header: { number, root } }) => ({ number, root })),
      )
    } finally {
      alone.close()
    }
  })

  it('prove every Observation of every batch', async () => {
    const { ledger, home } = running()
    for (const batch of batches) {
      const receipt = home.journal.anchors.receipt(batch.header.number)
      for (const leaf of batch.leaves) {
        const report = await verifyRecord(recordOf(batch, leaf.identifier), ledger)
        expect(report.reason).to.equal(null)
        expect(report.blockTime).to.equal(receipt?.blockTime)
      }
    }
    expect(home.journal.batches.counts().anchored).to.equal(5)
  })
})
