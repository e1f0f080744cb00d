import { expect } from 'chai'
import { Wallet } from 'ethers'
import type { Address, AnchorDomain, ClosedBatch, Hash32, VerifiableRecord } from '#gateway/model/batch.js'
import { VERIFY_STEPS, verifyRecord } from '#gateway/outbound/batches/verify.js'
import { AnchorDeliverer } from '#gateway/outbound/chain/anchor-deliverer.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import type { LedgerReader } from '#gateway/outbound/chain/ledger.js'
import { systemClock } from '#gateway/platform/clock.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { signBatch } from '#gateway/proofs/batch-signature.js'
import { parseRecord, recordOf } from '#gateway/proofs/record.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { anchorEntry, Home } from './home.js'

type Changes = { -readonly [K in keyof VerifiableRecord]: VerifiableRecord[K] }

describe('verifying a record, on a real node', function () {
  this.timeout(60_000)
  const chain = new ChainSimulator({ port: 0 })
  let domain: AnchorDomain
  let ledger: EthersLedger
  let home: Home
  let batches: ClosedBatch[]

  before(async () => {
    await chain.start()
    domain = { chainId: chain.chainId, contract: chain.contract }
    ledger = new EthersLedger({ endpoints: [chain.url], ...domain })
    home = await Home.open(domain)
    await chain.enrol(home.wallet.address)
    const deliverer = new AnchorDeliverer({
      ledger,
      journal: home.journal,
      signer: home.wallet,
      clock: systemClock,
      logger: silentLogger,
      confirmations: 0,
      gasPrice: 0,
      pollMs: 10,
    })
    batches = [await home.batch(5), await home.batch(6), await home.batch(1)]
    for (const batch of batches) {
      const { outcome } = await deliverer.deliver(anchorEntry(batch.header.number), new AbortController().signal)
      expect(outcome.class).to.equal('delivered')
    }
  })
  after(async () => {
    ledger?.close()
    await home?.close()
    await chain.stop()
  })

  const record = (index = 2) => structuredClone(recordOf(batches[1] as ClosedBatch, index)) as Changes

  /** Verifies an altered record; the step at which it fails, and why. */
  async function failure(altered: VerifiableRecord, reader: LedgerReader = ledger): Promise<[string, string]> {
    const report = await verifyRecord(altered, reader)
    expect(report.ok).to.equal(false)
    const last = report.steps.at(-1)
    expect(last).to.deep.equal({ name: last?.name, ok: false, detail: report.reason })
    return [last?.name ?? '', report.reason ?? '']
  }
  const resigned = (altered: Changes, wallet: { signingKey: Wallet['signingKey'] }) => {
    return { ...altered, signature: signBatch(altered.header, altered.domain, wallet.signingKey) }
  }

  it('passes every step for every leaf of every batch', async () => {
    for (const batch of batches)
      for (const leaf of batch.leaves) {
        const report = await verifyRecord(recordOf(batch, leaf.identifier), ledger)
        expect(report.reason).to.equal(null)
        expect(report.steps.map((step) => step.name)).to.deep.equal([...VERIFY_STEPS])
        expect(report.blockTime).to.equal(home.journal.anchors.receipt(batch.header.number)?.blockTime)
      }
  })

  it('passes after the record was written to a file and read again', async () => {
    const read = parseRecord(JSON.stringify(record(), null, 2))
    expect((await verifyRecord(read, ledger)).ok).to.equal(true)
  })

  it('passes for a copy that a FHIR server gave an id, a version and literal references', async () => {
    const original = record()
    const observation = original.observation as { meta?: object; subject: object }
    const copy = {
      id: '4711',
      ...observation,
      meta: { ...observation.meta, versionId: '1', lastUpdated: '2026-01-01T00:00:00Z' },
      subject: { reference: 'Patient/9', ...observation.subject },
    }
    expect((await verifyRecord({ ...original, observation: copy }, ledger)).ok).to.equal(true)
  })

  it('fails at the root for any altered character of the Observation', async () => {
    const text = JSON.stringify(record().observation)
    // Every seventh character that is a letter or a digit: keys, codes, the value, the time.
    for (let i = 3; i < text.length; i += 7) {
      const character = text.charAt(i)
      if (!/[a-z0-8]/.test(character)) continue
      const altered = text.slice(0, i) + String.fromCharCode(character.charCodeAt(0) ^ 1) + text.slice(i + 1)
      const [step, reason] = await failure({ ...record(), observation: JSON.parse(altered) })
      expect(step, altered).to.equal('root')
      expect(reason).to.contain('Observation, its salt or its proof path was altered')
    }
  })

  it('fails at the root for an altered salt, path, index or count', async () => {
    const { salt, proof } = record()
    const bent = (hash: string) => (hash.startsWith('0x0') ? `0x1${hash.slice(3)}` : `0x0${hash.slice(3)}`) as Hash32
    const alterations: Partial<VerifiableRecord>[] = [
      { salt: salt.startsWith('0') ? `1${salt.slice(1)}` : `0${salt.slice(1)}` },
      ...proof.path.map((_, i) => ({ proof: { ...proof, path: proof.path.map((h, j) => (i === j ? bent(h) : h)) } })),
      { proof: { ...proof, index: 3 } },
      { proof: { ...proof, count: 7 } },
      { proof: { ...proof, path: proof.path.slice(1) } },
      { proof: { ...proof, path: [...proof.path, proof.path[0] as Hash32] } },
      { proof: recordOf(batches[1] as ClosedBatch, 4).proof },
    ]
    for (const alteration of alterations) {
      const [step] = await failure({ ...record(), ...alteration })
      expect(step, JSON.stringify(alteration)).to.equal('root')
    }
  })

  it('fails at the leaf where there is nothing to hash', async () => {
    expect((await failure({ ...record(), salt: 'no salt' }))[0]).to.equal('leaf')
  })

  it('fails at the signature for an altered header', async () => {
    for (const change of [
      { number: 3 },
      { periodStart: 1 },
      { periodEnd: 1 },
      { previousRoot: record().header.root },
    ]) {
      const altered = record()
      altered.header = { ...altered.header, ...change }
      const [step, reason] = await failure(altered)
      expect(step).to.equal('signature')
      expect(reason).to.contain('somebody else signed')
    }
  })

  it('fails at the signature when somebody else signed, and when it is none', async () => {
    const [step, reason] = await failure(resigned(record(), Wallet.createRandom()))
    expect(step).to.equal('signature')
    expect(reason).to.contain(home.wallet.address)
    expect(await failure({ ...record(), signature: `0x${'00'.repeat(65)}` })).to.deep.equal([
      'signature',
      'The signature is not a signature: it was altered.',
    ])
  })

  it('fails at the anchor when the gateway signed what it never anchored', async () => {
    const unanchored = record()
    unanchored.header = { ...unanchored.header, number: 9 }
    const [step, reason] = await failure(resigned(unanchored, home.wallet))
    expect(step).to.equal('anchor')
    expect(reason).to.contain('Batch 9 is not anchored: the contract is at batch 3')
  })

  it('fails at the anchor when the gateway signed another content for an anchored batch', async () => {
    const other = await Home.open(domain)
    try {
      const [batch] = [await other.batch(4)]
      const rewritten = structuredClone(recordOf(batch, 0)) as Changes
      rewritten.header = { ...rewritten.header, gateway: home.wallet.address as Address }
      const [step, reason] = await failure(resigned(rewritten, home.wallet))
      expect(step).to.equal('anchor')
      expect(reason).to.contain('Another root is anchored as batch 1')

      const moved = record()
      moved.header = { ...moved.header, previousRoot: batch.header.root }
      expect((await failure(resigned(moved, home.wallet)))[1]).to.contain('anchored after another root')
    } finally {
      await other.close()
    }
  })

  it('fails at the anchor for a stranger who signs for himself', async () => {
    const stranger = Wallet.createRandom()
    const own = record()
    own.header = { ...own.header, gateway: stranger.address as Address }
    const [step, reason] = await failure(resigned(own, stranger))
    expect(step).to.equal('anchor')
    expect(reason).to.contain('the contract is at batch 0')
  })

  it('fails at the anchor on another chain, on another contract, and at a node of another chain', async () => {
    const other = new ChainSimulator({ port: 0, chainId: 999 })
    await other.start()
    const readers = [
      new EthersLedger({ endpoints: [other.url], chainId: 999, contract: other.contract }),
      new EthersLedger({ endpoints: [chain.url], chainId: domain.chainId, contract: home.wallet.address }),
      new EthersLedger({ endpoints: [other.url], ...domain }),
    ]
    try {
      const reasons: string[] = []
      for (const reader of readers) {
        const [step, reason] = await failure(record(), reader)
        expect(step).to.equal('anchor')
        reasons.push(reason)
      }
      expect(reasons[0]).to.equal(`The record is of chain ${domain.chainId}, and this is chain 999.`)
      expect(reasons[1]).to.contain(`of contract ${domain.contract}`)
      expect(reasons[2]).to.contain('is on chain 999')
    } finally {
      for (const reader of readers) reader.close()
      await other.stop()
    }
  })

  it('fails at the gap when a batch is missing from the history', async () => {
    const reader = changed({ history: async (g) => (await ledger.history(g)).filter((event) => event.number !== 1) })
    const [step, reason] = await failure(record(), reader)
    expect(step).to.equal('no-gap')
    expect(reason).to.contain('Batch 1 is missing')
  })

  it('fails at the gap when the history does not hang together', async () => {
    const reader = changed({
      history: async (g) => {
        const [first, ...rest] = await ledger.history(g)
        return first ? [{ ...first, root: `0x${'77'.repeat(32)}` }, ...rest] : []
      },
    })
    expect((await failure(record(), reader))[1]).to.contain('Batch 1 has another root')
  })

  it('fails at the block time when the block was replaced', async () => {
    const reader = changed({ block: async () => null })
    expect((await failure(record(), reader))[0]).to.equal('block-time')
  })

  it('proves nothing, and says so, when no node answers', async () => {
    const dead = new EthersLedger({ endpoints: ['http://127.0.0.1:1'], ...domain })
    const error = await verifyRecord(record(), dead).catch((e) => e)
    expect(error.code).to.equal('ledger.unreachable')
    dead.close()
  })

  function changed(over: Partial<LedgerReader>): LedgerReader {
    return {
      domain: ledger.domain,
      head: (g) => ledger.head(g),
      anchored: (g, n) => ledger.anchored(g, n),
      history: (g) => ledger.history(g),
      block: (n) => ledger.block(n),
      latestBlock: () => ledger.latestBlock(),
      ...over,
    }
  }
})
