import { expect } from 'chai'
import { Wallet } from 'ethers'
import type { AnchorDomain, ClosedBatch } from '#gateway/model/batch.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { AnchorDeliverer, type AnchorDelivererOptions, anchorData } from '#gateway/outbound/chain/anchor-deliverer.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { BlockClock, ChainRpc } from '#test/gateway/outbound/batches/chain-rpc.js'
import { anchorEntry, Home } from '#test/gateway/outbound/batches/home.js'

/** Nobody listens there: the port of a server that has been closed would do as well, this one never was. */
// Nothing listens there; fetch itself refuses the ports below, as browsers do.
const DEAD = 'http://127.0.0.1:2'

describe('the anchor deliverer, on a real node', function () {
  this.timeout(60_000)
  const chain = new ChainSimulator({ port: 0 })
  let rpc: ChainRpc
  let domain: AnchorDomain
  let home: Home
  const ledgers: EthersLedger[] = []

  before(async () => {
    await chain.start()
    rpc = new ChainRpc(chain.url, chain.chainId)
    domain = { chainId: chain.chainId, contract: chain.contract }
  })
  after(async () => {
    rpc?.close()
    await chain.stop()
  })
  beforeEach(async () => {
    home = await Home.open(domain)
    await chain.enrol(home.wallet.address)
  })
  afterEach(async () => {
    await rpc.send('evm_setAutomine', true)
    for (const ledger of ledgers.splice(0)) ledger.close()
    await home.close()
  })

  function ledger(endpoints = [chain.url], over: Partial<AnchorDomain> = {}): EthersLedger {
    const made = new EthersLedger({ endpoints, ...domain, ...over })
    ledgers.push(made)
    return made
  }
  function deliverer(options: Partial<AnchorDelivererOptions> = {}): AnchorDeliverer {
    return new AnchorDeliverer({
      ledger: ledger(),
      journal: home.journal,
      signer: home.wallet,
      clock: new BlockClock(rpc),
      logger: silentLogger,
      confirmations: 0,
      gasPrice: 0,
      pollMs: 1000,
      ...options,
    })
  }
  async function deliver(batch: ClosedBatch | number, options: Partial<AnchorDelivererOptions> = {}) {
    const number = typeof batch === 'number' ? batch : batch.header.number
    const { outcome } = await deliverer(options).deliver(anchorEntry(number), new AbortController().signal)
    return outcome
  }
  const reasonOf = (outcome: DeliveryOutcome) => ('reason' in outcome ? outcome.reason : '')
  const history = () => ledger().history(home.wallet.address as `0x${string}`)
  const nonce = () => ledger().nonce(home.wallet.address as `0x${string}`)

  it('anchors batch after batch from an account without coin, and stores the receipts', async () => {
    for (let i = 1; i <= 3; i++) {
      const batch = await home.batch()
      expect((await deliver(batch)).class).to.equal('delivered')
      const receipt = home.journal.anchors.receipt(i)
      const block = await rpc.provider.getBlock(receipt?.blockNumber ?? -1)
      expect(receipt?.blockHash).to.equal(block?.hash)
      expect(receipt?.blockTime).to.equal((block?.timestamp ?? 0) * 1000)
    }
    expect((await history()).map((event) => event.number)).to.deep.equal([1, 2, 3])
    expect(home.journal.batches.counts().anchored).to.equal(3)
  })

  it('sends a legacy transaction with the configured price', async () => {
    const batch = await home.batch()
    await deliver(batch)
    const sent = await rpc.provider.getTransaction(home.journal.anchors.receipt(1)?.transactionHash ?? '')
    expect(sent).to.include({ type: 0, gasPrice: 0n, to: domain.contract, data: anchorData(batch) })
  })

  it('anchors once when it is asked twice', async () => {
    const batch = await home.batch()
    await deliver(batch)
    expect((await deliver(batch)).class).to.equal('delivered')
    expect((await history()).length).to.equal(1)
    expect(await nonce()).to.equal(1)
  })

  it('persists the transaction before anybody sees it', async () => {
    const batch = await home.batch()
    const watched = ledger()
    let persisted: unknown = null
    const broadcast = watched.broadcast.bind(watched)
    watched.broadcast = (raw, hash) => {
      persisted ??= home.journal.anchors.transaction(1)
      expect(home.journal.anchors.transaction(1)).to.include({ raw, hash })
      return broadcast(raw, hash)
    }
    await deliver(batch, { ledger: watched })
    expect(persisted).not.to.equal(null)
  })

  it('after a crash between signing and broadcasting sends the same bytes: one anchor', async () => {
    const batch = await home.batch()
    const cut = ledger()
    cut.broadcast = () => Promise.reject(new Error('power cut'))
    expect((await deliver(batch, { ledger: cut })).class).to.equal('ambiguous')
    const persisted = home.journal.anchors.transaction(1)
    expect(persisted).not.to.equal(null)

    expect((await deliver(batch)).class).to.equal('delivered')
    expect(home.journal.anchors.receipt(1)?.transactionHash).to.equal(persisted?.hash)
    expect((await history()).length).to.equal(1)
  })

  it('after a crash between broadcasting and the receipt finds its anchor: one anchor', async () => {
    const batch = await home.batch()
    const cut = ledger()
    const broadcast = cut.broadcast.bind(cut)
    cut.broadcast = async (raw, hash) => {
      await broadcast(raw, hash)
      throw new Error('power cut')
    }
    expect((await deliver(batch, { ledger: cut })).class).to.equal('ambiguous')
    expect((await deliver(batch)).class).to.equal('delivered')
    expect((await history()).length).to.equal(1)
    expect(await nonce()).to.equal(1)
  })

  it('takes "already known" for a success', async () => {
    const batch = await home.batch()
    await rpc.send('evm_setAutomine', false)
    const cut = ledger()
    const broadcast = cut.broadcast.bind(cut)
    cut.broadcast = async (raw, hash) => {
      await broadcast(raw, hash)
      throw new Error('power cut')
    }
    await deliver(batch, { ledger: cut })
    const { raw, hash } = home.journal.anchors.transaction(1) ?? { raw: '', hash: '0x' as const }
    expect((await ledger().broadcast(raw, hash)).accepted).to.equal(true)
    expect((await deliver(batch)).class).to.equal('delivered')
    expect((await history()).length).to.equal(1)
  })

  it('signs again when its nonce was used up by something else', async () => {
    const batch = await home.batch()
    const cut = ledger()
    cut.broadcast = () => Promise.reject(new Error('power cut'))
    await deliver(batch, { ledger: cut })
    const other = { to: home.wallet.address, type: 0, gasPrice: 0, gasLimit: 21_000, nonce: 0, chainId: chain.chainId }
    await (await rpc.provider.broadcastTransaction(await home.wallet.signTransaction(other))).wait()

    expect((await deliver(batch)).class).to.equal('delivered')
    expect(home.journal.anchors.transaction(1)?.nonce).to.equal(1)
    expect((await history()).length).to.equal(1)
  })

  it('replaces a transaction under the same nonce when the price is changed', async () => {
    const batch = await home.batch()
    const cut = ledger()
    cut.broadcast = () => Promise.reject(new Error('power cut'))
    await deliver(batch, { ledger: cut })
    await rpc.send('anvil_setBalance', home.wallet.address, '0xde0b6b3a7640000')
    expect((await deliver(batch, { gasPrice: 3 })).class).to.equal('delivered')
    const sent = await rpc.provider.getTransaction(home.journal.anchors.receipt(1)?.transactionHash ?? '')
    expect(sent).to.include({ nonce: 0, gasPrice: 3n })
  })

  it('waits for the blocks on top that it was told to', async () => {
    const batch = await home.batch()
    expect((await deliver(batch, { confirmations: 3 })).class).to.equal('delivered')
    const receipt = home.journal.anchors.receipt(1)
    expect((await rpc.provider.getBlockNumber()) - (receipt?.blockNumber ?? 0)).to.be.at.least(3)
  })

  it('gives up waiting after its patience, as ambiguous, and ends at once when it is stopped', async () => {
    const batch = await home.batch()
    const outcome = await deliver(batch, { confirmations: 50, patienceMs: 3000 })
    expect(outcome.class).to.equal('ambiguous')
    expect(home.journal.anchors.receipt(1)).to.equal(null)

    const abort = new AbortController()
    const clock = new BlockClock(rpc, async () => abort.abort())
    const stopped = await deliverer({ confirmations: 50, clock }).deliver(anchorEntry(1), abort.signal)
    expect(stopped.outcome.class).to.equal('ambiguous')
    expect(stopped.resources).to.equal(0)
  })

  it('sends again when a re-organisation takes its block away', async () => {
    const batch = await home.batch()
    let taken = 0
    const clock = new BlockClock(rpc, async (waits) => {
      if (waits !== 2) return
      // One block on top of the anchor's: both are replaced by empty ones.
      taken = await rpc.provider.getBlockNumber()
      await rpc.send('anvil_reorg', 2, [])
      await rpc.send('anvil_dropAllTransactions')
      expect((await history()).length).to.equal(0)
    })
    expect((await deliver(batch, { confirmations: 3, clock })).class).to.equal('delivered')
    expect(taken).to.be.greaterThan(0)
    const receipt = home.journal.anchors.receipt(1)
    const block = await rpc.provider.getBlock(receipt?.blockNumber ?? -1)
    expect(block?.hash).to.equal(receipt?.blockHash)
    expect((await history()).length).to.equal(1)
  })

  it('brings back an anchor that was final and was rolled back', async () => {
    const first = await home.batch()
    await deliver(first)
    await rpc.send('anvil_rollback', 1)
    await rpc.send('anvil_dropAllTransactions')
    expect((await history()).length).to.equal(0)
    const second = await home.batch()
    expect((await deliver(second)).class).to.equal('delivered')
    expect((await history()).map((event) => event.root)).to.deep.equal([first.header.root, second.header.root])
    const stored = home.journal.anchors.receipt(1)
    expect(stored?.blockHash).to.equal((await history())[0]?.blockHash)
  })

  it('raises the alarm when another root stands in the batch’s place', async () => {
    const batch = await home.batch()
    const forged = { ...batch, header: { ...batch.header, root: `0x${'66'.repeat(32)}` as const } }
    const data = anchorData(forged)
    const thief = new Wallet(home.wallet.privateKey, rpc.provider)
    await (await thief.sendTransaction({ to: domain.contract, data, type: 0, gasPrice: 0, gasLimit: 200_000 })).wait()
    const outcome = await deliver(batch)
    expect(outcome.class).to.equal('permanent')
    expect(reasonOf(outcome)).to.contain('another root')
  })

  it('waits, with nothing sent, until it is enrolled', async () => {
    const stranger = await Home.open(domain)
    try {
      const batch = await stranger.batch()
      const waiting = deliverer({ journal: stranger.journal, signer: stranger.wallet })
      const { outcome } = await waiting.deliver(anchorEntry(batch.header.number), new AbortController().signal)
      expect(outcome.class).to.equal('transient')
      expect(reasonOf(outcome)).to.contain(`enrol ${stranger.wallet.address}`)
      expect(stranger.journal.anchors.transaction(1)).to.equal(null)
      await chain.enrol(stranger.wallet.address)
      const later = await waiting.deliver(anchorEntry(1), new AbortController().signal)
      expect(later.outcome.class).to.equal('delivered')
    } finally {
      await stranger.close()
    }
  })

  it('asks the next endpoint when one is down, and says which', async () => {
    const two = ledger([DEAD, chain.url])
    expect((await deliver(await home.batch(), { ledger: two })).class).to.equal('delivered')
    expect(two.status().map(({ ok }) => ok)).to.deep.equal([false, true])
    expect(two.status()[0]?.sentence).to.contain('ECONNREFUSED')
  })

  it('keeps a batch for later while no endpoint answers', async () => {
    const batch = await home.batch()
    const outcome = await deliver(batch, { ledger: ledger([DEAD]) })
    expect(outcome.class).to.equal('transient')
    expect(reasonOf(outcome)).to.contain('127.0.0.1:2')
    expect((await deliver(batch)).class).to.equal('delivered')
  })

  it('does not speak to an endpoint of another chain, and loses nothing', async () => {
    const other = new ChainSimulator({ port: 0, chainId: 999 })
    await other.start()
    try {
      const batch = await home.batch()
      const outcome = await deliver(batch, { ledger: ledger([other.url]) })
      expect(outcome.class).to.equal('transient')
      expect(reasonOf(outcome)).to.contain('is on chain 999')
      // With a right one beside it, that one is used.
      expect((await deliver(batch, { ledger: ledger([other.url, chain.url]) })).class).to.equal('delivered')
    } finally {
      await other.stop()
    }
  })

  it('does not anchor on a contract that the batch was not signed for', async () => {
    const batch = await home.batch()
    const elsewhere = ledger([chain.url], { contract: home.wallet.address as `0x${string}` })
    const outcome = await deliver(batch, { ledger: elsewhere })
    expect(outcome.class).to.equal('transient')
    expect(reasonOf(outcome)).to.contain(domain.contract)
    expect(home.journal.anchors.transaction(1)).to.equal(null)
  })

  it('says so when there is no contract at the address', async () => {
    const error = await ledger([chain.url], { contract: home.wallet.address as `0x${string}` })
      .head(home.wallet.address as `0x${string}`)
      .catch((e) => e)
    expect(error.code).to.equal('ledger.no-contract')
  })

  it('says so when earlier batches are not on this chain', async () => {
    await home.batch()
    const second = await home.batch()
    const outcome = await deliver(second)
    expect(outcome.class).to.equal('transient')
    expect(reasonOf(outcome)).to.contain('at batch 0')
  })

  it('refuses an entry that is no batch', async () => {
    expect((await deliver(77)).class).to.equal('permanent')
  })
})
