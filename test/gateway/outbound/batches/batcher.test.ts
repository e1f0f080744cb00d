import { expect } from 'chai'
import { Wallet } from 'ethers'
import { NO_ROOT } from '#gateway/model/batch.js'
import { batchSigner } from '#gateway/proofs/batch-signature.js'
import { leafHash, merkleRoot } from '#gateway/proofs/merkle.js'
import { ecg, Home, pulse, START } from './home.js'

describe('the batcher', () => {
  let home: Home
  beforeEach(async () => {
    home = await Home.open()
  })
  afterEach(() => home.close())

  it('closes nothing where nothing is there', async () => {
    for (const reason of ['count', 'time', 'stop'] as const)
      expect(await home.batcher().closeIfDue(reason)).to.equal(null)
  })

  it('closes full batches by count and leaves the rest', async () => {
    await home.commit(Array.from({ length: 7 }, (_, i) => pulse(i)))
    const last = await home.batcher({ maxCount: 3 }).closeIfDue('count')
    expect(last?.header.number).to.equal(2)
    expect(home.journal.measurements.unbatchedCount()).to.equal(1)
  })

  it('closes everything by time, in batches of at most the maximum', async () => {
    await home.commit(Array.from({ length: 7 }, (_, i) => pulse(i)))
    await home.batcher({ maxCount: 3 }).closeIfDue('time')
    expect(home.journal.batches.numbers().map((n) => home.journal.batches.byNumber(n)?.header.count)).to.deep.equal([
      3, 3, 1,
    ])
    expect(home.journal.batches.byNumber(1)?.leaves.map((leaf) => leaf.identifier)).to.deep.equal([
      'kit-1-pulse-0',
      'kit-1-pulse-1',
      'kit-1-pulse-2',
    ])
  })

  it('chains and signs what it closes', async () => {
    const first = await home.batch()
    const second = await home.batch()
    expect(first.header.previousRoot).to.equal(NO_ROOT)
    expect(second.header.previousRoot).to.equal(first.header.root)
    expect(second.header.number).to.equal(2)
    expect(batchSigner(second.header, second.domain, second.signature)).to.equal(home.wallet.address)
    expect(second.header.root).to.equal(merkleRoot(second.leaves.map((l) => leafHash(l.salt, l.observation))))
  })

  it('says the period from the first start to the last end, waveforms included', async () => {
    await home.commit([pulse(0, START + 5), ecg(1, START + 100)])
    const batch = await home.batcher().closeIfDue('time')
    expect(batch?.header.periodStart).to.equal(START + 5)
    expect(batch?.header.periodEnd).to.equal(START + 120)
  })

  it('gives every leaf its own salt', async () => {
    const batch = await home.batch(50)
    expect(new Set(batch.leaves.map((leaf) => leaf.salt)).size).to.equal(50)
  })

  it('closes one after the other when asked twice at once', async () => {
    await home.commit(Array.from({ length: 10 }, (_, i) => pulse(i)))
    const batcher = home.batcher({ maxCount: 2 })
    await Promise.all([batcher.closeIfDue('time'), batcher.closeIfDue('stop'), batcher.closeIfDue('count')])
    expect(home.journal.batches.numbers()).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('goes on after a failure, with nothing lost', async () => {
    let broken = true
    const batcher = home.batcher({
      observationOf: (m) => (broken ? { value: Number.NaN } : { id: m.identifier }),
    })
    await home.commit([pulse(0)])
    const error = await batcher.closeIfDue('time').catch((e) => e)
    expect(error.code).to.equal('canonical-json.value')
    broken = false
    expect((await batcher.closeIfDue('time'))?.header.count).to.equal(1)
  })

  it('refuses to go on with another key', async () => {
    await home.batch()
    await home.commit([pulse(99)])
    const other = home.batcher({ signer: new Wallet(Wallet.createRandom().privateKey) })
    const error = await other.closeIfDue('time').catch((e) => e)
    expect(error.code).to.equal('batch.key-changed')
    expect(home.journal.batches.numbers()).to.deep.equal([1])
  })
})
