import { join } from 'node:path'
import { expect } from 'chai'
import { composeGateway } from '#gateway/compose/gateway.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { type ClosedBatch, type JoinedBy, NO_CHAIN, NO_ROOT, type VerifiableRecord } from '#gateway/model/batch.js'
import { verifyRecord } from '#gateway/outbound/batches/verify.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { parseRecord, recordOf } from '#gateway/proofs/record.js'
import { storedStatus } from '#gateway/surfaces/status/status.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { TestHome } from '#test/support/home.js'
import { Home } from './home.js'

const RECORDING = join(packageRoot, 'test/fixtures/wfdb/one.hea')

describe('A home that joins a chain', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const chain = new ChainSimulator({ port: 0 })
  let ledger: EthersLedger

  before(async () => {
    await chain.start()
    ledger = new EthersLedger({ endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract })
  })
  after(async () => {
    ledger?.close()
    await chain.stop()
    home.remove()
  })

  /** Plays a recording through the whole gateway: one more batch. @returns the status at the end */
  async function oneBatch(minute: number, isOnChain: boolean) {
    const at = `2026-01-01T12:${String(minute).padStart(2, '0')}:00Z`
    const loaded = home.configure({
      transports: [{ name: 'replay', url: `replay:${RECORDING}?speed=0&at=${at}`, device: 'replay-1' }],
      ...(isOnChain && {
        chain: { endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract, pollSeconds: 0.1 },
      }),
    })
    const gateway = await composeGateway(loaded, { logger: silentLogger })
    await gateway.start()
    while (gateway.status().transports.some((transport) => transport.state !== 'ended'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    await gateway.stop(5000)
    return storedStatus(loaded)
  }

  function held<T>(read: (journal: ReturnType<typeof openJournalReader>) => T): T {
    const journal = openJournalReader(join(home.dataDir, 'journal.db'))
    try {
      return read(journal)
    } finally {
      journal.close()
    }
  }

  const batchOf = (number: number) => held((journal) => journal.batches.byNumber(number)) as ClosedBatch
  const record = (number: number): VerifiableRecord => {
    const made = held((journal) => recordOf(batchOf(number), 0, journal.batches.joining(number)))
    return parseRecord(JSON.stringify(made))
  }

  it('runs without one: batches are closed and signed, and nothing is said to be anchored', async () => {
    for (const minute of [0, 5, 10]) await oneBatch(minute, false)
    const { lanes, batches } = await oneBatch(15, false)
    expect(lanes.map(({ lane }) => lane)).to.deep.equal([])
    expect(batches).to.include({ closed: 4, anchored: 0, lastAnchor: null })
    expect(batchOf(4)).to.deep.include({ domain: NO_CHAIN })
    expect(batchOf(4).header.previousRoot).to.equal(batchOf(3).header.root)
    const { ok, reason, steps } = await verifyRecord(record(2), ledger)
    expect(ok).to.equal(false)
    expect(reason).to.match(/^Signed at home, not anchored: batch 2 was signed without a chain/)
    expect(steps.map(({ name }) => name)).to.deep.equal(['leaf', 'root', 'signature', 'joined'])
  })

  it('commits to all of them with its first batch there, and is anchored', async () => {
    await chain.enrol(await home.gatewayAddress())
    const { batches, lanes } = await oneBatch(20, true)
    expect(batches).to.include({ closed: 6, anchored: 6 })
    expect(lanes.map(({ lane, delivered }) => [lane, delivered])).to.deep.equal([['anchor:consortium', 2]])
    const joining = batchOf(5)
    expect(joining.header).to.include({ number: 5, previousRoot: NO_ROOT, count: 4 })
    expect(joining.leaves).to.deep.equal([])
    expect(batchOf(6).header.previousRoot).to.equal(joining.header.root)
    const again = await oneBatch(25, true)
    expect(again.batches).to.include({ closed: 7, anchored: 7 })
    expect((await ledger.history(joining.header.gateway)).map(({ number }) => number)).to.deep.equal([5, 6, 7])
  })

  it('proves a record of before by the joining batch, and says so; one of after by its own', async () => {
    for (const number of [1, 2, 3, 4]) {
      const report = await verifyRecord(record(number), ledger)
      expect(report.reason).to.equal(null)
      expect(report).to.include({ batch: number, anchoredBy: 5 })
      const said = report.steps.map(({ detail }) => detail).join('\n')
      expect(said).to.contain(
        `batch ${number} was signed without a chain; batch 5, with which the gateway joined chain`,
      )
      expect(said).to.contain('that it existed before it was anchored is not proved')
    }
    const report = await verifyRecord(record(6), ledger)
    expect(report.reason).to.equal(null)
    expect(report).to.include({ batch: 6, anchoredBy: 6 })
    expect(report.steps.map(({ detail }) => detail).join('\n')).to.contain('batches 5 to 6 follow each other')
  })

  it('does not prove one whose way there was altered, left out, or borrowed from another batch', async () => {
    const [one, other] = [record(2), record(3)]
    const joined = one.joined as JoinedBy
    const wrong: [string, Partial<VerifiableRecord>][] = [
      ['does not commit to batch 2 at its place', { joined: other.joined as JoinedBy }],
      [
        'does not commit to this batch 2',
        { joined: { ...joined, proof: { ...joined.proof, path: [...joined.proof.path].reverse() } } },
      ],
      ['signature is not the gateway', { joined: { ...joined, header: { ...joined.header, periodEnd: 1 } } }],
      [
        'of another gateway',
        { joined: { ...joined, header: { ...joined.header, gateway: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' } } },
      ],
      ['not to the batch', { observation: other.observation as object }],
    ]
    for (const [reason, change] of wrong) {
      const report = await verifyRecord({ ...one, ...change }, ledger)
      expect(report.reason, reason).to.contain(reason)
    }
    const { joined: _, ...alone } = one
    expect((await verifyRecord({ ...alone, version: 1 }, ledger)).reason).to.contain('not anchored')
    expect((await verifyRecord({ ...record(6), joined }, ledger)).reason).to.contain('is signed for a chain, and yet')
  })

  it('closes no batch where its chain is not configured any more, and goes on when it is back', async () => {
    const { batches } = await oneBatch(30, false)
    expect(batches).to.include({ closed: 7, anchored: 7 })
    expect(batches.open).to.be.above(0)
    const back = await oneBatch(35, true)
    expect(back.batches.open).to.equal(0)
    expect(back.batches.closed).to.equal(back.batches.anchored)
  })
})

describe('The batcher of a home that joins', () => {
  it('signs one joining batch, however often it is asked, and none where all was signed for the chain', async () => {
    const alone = await Home.open(NO_CHAIN)
    await alone.batch(2)
    await alone.batch(3)
    const domain = { chainId: 4242, contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3' } as const
    for (let i = 0; i < 3; i++) await alone.batcher({ domain }).closeIfDue('time')
    expect(alone.journal.batches.numbers()).to.deep.equal([1, 2, 3])
    const joining = alone.journal.batches.byNumber(3) as ClosedBatch
    expect(joining.header).to.include({ count: 2, previousRoot: NO_ROOT })
    expect(joining.domain).to.deep.equal(domain)
    // Without leave to give a number away there is none either.
    await alone.close()
    const other = await Home.open(NO_CHAIN)
    await other.batch(1)
    await other.batcher({ domain, mayClose: () => false }).closeIfDue('stop')
    expect(other.journal.batches.numbers()).to.deep.equal([1])
    await other.close()
  })

  it('lets readings have their turn while it commits to many', async () => {
    const alone = await Home.open(NO_CHAIN)
    await alone.batch(1)
    const first = alone.journal.batches.byNumber(1) as ClosedBatch
    const { batches } = alone.journal
    const many = Array.from({ length: 400 }, () => first)
    const last = { ...first.header, number: many.length }
    const signed = many.map((one, index) => ({ ...one, header: { ...one.header, number: index + 1 } }))
    let closed: ClosedBatch | null = null
    const journal = {
      measurements: alone.journal.measurements,
      batches: Object.assign(Object.create(batches), {
        last: () => closed?.header ?? last,
        signedAfter: (number: number) => signed.slice(number),
        close: (batch: ClosedBatch) => {
          closed = batch
        },
      }),
    }
    const domain = { chainId: 4242, contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3' } as const
    let turns = 0
    const reading = setInterval(() => turns++, 0)
    await alone.batcher({ domain, journal }).closeIfDue('time')
    clearInterval(reading)
    expect((closed as ClosedBatch | null)?.header).to.include({ number: 401, count: 400 })
    expect(turns).to.be.above(2)
    let mayClose = true
    closed = null
    const asked = alone.batcher({ domain, journal, mayClose: () => mayClose }).closeIfDue('time')
    setImmediate(() => {
      mayClose = false
    })
    await asked
    expect(closed, 'closed though the contract turned out to have other batches').to.equal(null)
    await alone.close()
  })
})
