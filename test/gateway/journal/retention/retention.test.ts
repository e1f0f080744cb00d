import { statSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Measurement } from '#fhir/measurement.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { DAY_MS, Retention, type RetentionOptions } from '#gateway/journal/retention/retention.js'
import type { ClosedBatch, Hash32 } from '#gateway/model/batch.js'
import { type Lane, laneOf } from '#gateway/model/lane.js'
import { alertRoute, anchorRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { inclusionProof, leafHash, merkleRoot, verifyInclusion } from '#gateway/proofs/merkle.js'
import { recordOf } from '#gateway/proofs/record.js'
import {
  codeOf,
  hash,
  journalAt,
  measurement,
  nextBatch,
  TemporaryFolder,
  transition,
} from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'
import { told } from '#test/support/told.js'

const WITHOUT_TARGET = [alertRoute({ channel: 'doctor' }), anchorRoute('consortium')]
const CARE_ONLY = [...fhirRoutes('care', 'clear'), ...WITHOUT_TARGET]
const LANES = [...fhirRoutes('vault', 'sealed'), ...CARE_ONLY]
const POLICY = { days: 90, maxMb: 4096, minDays: 7, alertDays: 730, identifierDays: 400, proofDays: 730 }

const waveform = (name: string): Measurement =>
  measurement(name, {
    sensor: 'ecg',
    observable: 'ecgWaveform',
    value: {
      type: 'waveform',
      periodMs: 4,
      origin: 0,
      factor: 0.005,
      lowerLimit: 0,
      upperLimit: 1023,
      samples: [1, 2],
    },
  })

const cuff = (name: string) => measurement(name, { sensor: 'bloodPressure' })

describe('Retention', () => {
  let folder: TemporaryFolder
  let clock: TestClock
  let journal: Journal

  async function open(lanes = LANES): Promise<void> {
    journal = journalAt(folder.journal, { clock, lanes })
    await journal.start()
  }
  async function reopen(lanes = LANES): Promise<void> {
    await journal.stop()
    await open(lanes)
  }

  beforeEach(async () => {
    folder = new TemporaryFolder()
    clock = new TestClock()
    await open()
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  const retention = (over: Partial<RetentionOptions> = {}) =>
    new Retention({
      ...{
        journal: journal.retention,
        policy: POLICY,
        diskLow: () => false,
        clock,
        logger: silentLogger,
        pause: async () => {},
      },
      ...over,
    })

  /** A batch of these measurements, closed now, with a root that its leaves have. */
  async function close(...measurements: Measurement[]): Promise<ClosedBatch> {
    await journal.commit({ measurements, transitions: [] })
    const draft = nextBatch(journal, 10_000)
    const root = merkleRoot(draft.leaves.map(({ salt, observation }) => leafHash(salt, observation)))
    const batch = { ...draft, header: { ...draft.header, root }, closedAt: clock.now() }
    journal.batches.close(batch)
    return batch
  }

  function drain(...lanes: Lane[]): void {
    for (const lane of lanes) {
      for (let entry = journal.outbox.claim(lane); entry; entry = journal.outbox.claim(lane)) {
        journal.outbox.launch(entry)
        journal.outbox.settle(entry, { class: 'delivered' }, 1)
        if (lane.kind === 'anchor') anchored(entry.ref)
      }
    }
  }

  function anchored(batchNumber: number): void {
    const block = { blockNumber: batchNumber, blockHash: hash(9), blockTime: clock.now(), gasUsed: 1 }
    journal.anchors.saveReceipt({ batchNumber, transactionHash: hash(batchNumber), ...block })
  }

  const ALL = [laneOf('fhir:care'), laneOf('fhir:vault'), laneOf('anchor:consortium')]
  const isHeld = (number: number) => journal.batches.leafHashes(number) === null
  const later = (days: number) => clock.setWall(clock.now() + days * DAY_MS)

  it('lets go what every target has and the chain holds, once it is old; proofs can still be made', async () => {
    const batch = await close(measurement('m-1'), measurement('m-2'), waveform('w-1'))
    drain(...ALL)
    await retention().run()
    expect(isHeld(1)).to.equal(true)
    later(91)
    expect(await retention().run()).to.deep.include({ gone: { batches: 1 }, complete: true })
    expect(journal.batches.byNumber(1)).to.include({ signature: batch.signature }).and.to.have.property('leaves').that
      .is.empty
    expect(journal.batches.last()).to.deep.equal(batch.header)
    const hashes = journal.batches.leafHashes(1) as Hash32[]
    for (const [index, { salt, observation }] of batch.leaves.entries()) {
      const leaf = leafHash(salt, observation)
      expect(hashes.indexOf(leaf)).to.equal(index)
      expect(verifyInclusion(leaf, inclusionProof(hashes, index), batch.header.root)).to.equal(true)
    }
  })

  for (const missing of ALL) {
    it(`keeps what ${missing} has not got`, async () => {
      await close(measurement('m-1'))
      drain(...ALL.filter((lane) => lane !== missing))
      later(1000)
      await retention({ diskLow: () => true }).run()
      expect(isHeld(1)).to.equal(true)
    })
  }

  it('keeps what was refused until a person drops it', async () => {
    await close(measurement('m-1'))
    const entry = journal.outbox.claim(laneOf('fhir:care')) as NonNullable<ReturnType<Journal['outbox']['claim']>>
    journal.outbox.launch(entry)
    journal.outbox.settle(entry, { class: 'permanent', reason: 'HTTP 422' }, 1)
    drain(...ALL)
    later(1000)
    await retention().run()
    expect(isHeld(1)).to.equal(true)
    journal.queue.drop(entry.id, 'anna', 'known', { waiting: false, undeliveredAlert: false })
    await retention().run()
    expect(isHeld(1)).to.equal(false)
    expect(await codeOf(() => journal.queue.retry([entry.id], 'anna'))).to.equal('queue.purged')
  })

  it('keeps everything where there is no FHIR target: it is the only copy', async () => {
    await reopen(WITHOUT_TARGET)
    await close(measurement('m-1'))
    drain(laneOf('anchor:consortium'))
    later(1000)
    await retention({ diskLow: () => true }).run()
    expect(isHeld(1)).to.equal(true)
  })

  it('lets the oldest go sooner when too much is held, but nothing younger than the floor', async () => {
    await close(measurement('m-1'))
    later(10)
    await close(measurement('m-2'))
    later(5)
    drain(...ALL)
    await retention().run()
    expect([1, 2].map(isHeld)).to.deep.equal([true, true])
    await retention({ diskLow: () => true }).run()
    expect([1, 2].map(isHeld)).to.deep.equal([false, true])
    later(3)
    await retention({ policy: { ...POLICY, maxMb: 0 } }).run()
    expect(isHeld(2)).to.equal(false)
  })

  it('keeps the salts where no sealed target has them: else nobody could prove what a server got in clear', async () => {
    await reopen(CARE_ONLY)
    const { leaves, header } = await close(measurement('m-1'), measurement('m-2'))
    drain(laneOf('fhir:care'), laneOf('anchor:consortium'))
    later(91)
    await retention().run()
    const hashes = journal.batches.leafHashes(1) as Hash32[]
    const salts = journal.batches.leafSalts(1) as string[]
    expect(journal.batches.byNumber(1)?.leaves).to.deep.equal([])
    for (const { observation } of leaves) {
      // What the server gives back: the Observation alone.
      const index = salts.findIndex((salt, i) => leafHash(salt, observation) === hashes[i])
      expect(verifyInclusion(hashes[index] as Hash32, inclusionProof(hashes, index), header.root)).to.equal(true)
    }
  })

  it('leaves the salts to a sealed target, and keeps the hashes for proofDays', async () => {
    await close(measurement('m-1'))
    drain(...ALL)
    later(91)
    await retention().run()
    expect(journal.batches.leafHashes(1)).to.have.length(1)
    expect(journal.batches.leafSalts(1)).to.equal(null)
    later(700)
    await retention().run()
    expect(journal.batches.leafHashes(1)).to.deep.equal([])
    expect(journal.batches.byNumber(1)).to.deep.include({ leaves: [], leafHashes: [] })
    expect(await retention().run()).to.deep.include({ gone: {}, complete: true })
  })

  it('recognises a reading that is sent again until the window ends; of streams it keeps no identifier', async () => {
    await close(cuff('m-1'), waveform('w-1'))
    drain(...ALL)
    later(399)
    await retention().run()
    expect([journal.measurements.has('m-1'), journal.measurements.has('w-1')]).to.deep.equal([true, false])
    await journal.commit({ measurements: [cuff('m-1')], transitions: [] })
    expect(journal.measurements.unbatchedCount()).to.equal(0)
    expect(journal.measurements.batchOf('m-1')).to.equal(1)
    later(2)
    await retention().run()
    expect(journal.measurements.has('m-1')).to.equal(false)
  })

  it('keeps alerts and the Observations they name for longer, as records that verify', async () => {
    await journal.commit({ measurements: [measurement('m-1'), measurement('m-2')], ...told([transition()]) })
    await journal.commit({ measurements: [], ...told([transition({ state: 'cleared', at: clock.now() })]) })
    const { leaves, header } = await close()
    drain(laneOf('alert:doctor'), laneOf('fhir-alert:care'), ...ALL)
    later(500)
    await retention().run()
    const batch = journal.batches.byNumber(1) as ClosedBatch
    expect(batch.leaves).to.deep.equal([leaves.find(({ identifier }) => identifier === 'm-1')])
    const record = recordOf(batch, 'm-1')
    const observation = leaves[0]?.observation as string
    expect(verifyInclusion(leafHash(record.salt, observation), record.proof, header.root)).to.equal(true)
    expect(journal.alerts.latest(10)).to.have.length(2)
    expect(journal.alerts.deliveries(10)).to.have.length(2)
    later(300)
    await retention().run()
    expect(journal.alerts.latest(10)).to.deep.equal([])
    expect(journal.alerts.deliveries(10)).to.deep.equal([])
    expect(journal.batches.byNumber(1)?.leaves).to.deep.equal([])
  })

  it('never lets go an alert that is active, or that somebody was not told of', async () => {
    await journal.commit({ measurements: [], ...told([transition({ condition: 'active-one' })]) })
    const untold = { condition: 'untold', raisedAt: 1_700_000_000_001 }
    await journal.commit({
      measurements: [],
      ...told([transition(untold), transition({ ...untold, state: 'cleared' })]),
    })
    later(5000)
    await retention({ diskLow: () => true }).run()
    expect(journal.alerts.latest(10)).to.have.length(3)
    drain(laneOf('alert:doctor'), laneOf('fhir-alert:care'))
    await retention().run()
    expect(journal.alerts.latest(10).map(({ condition }) => condition)).to.deep.equal(['active-one'])
  })

  it('drops, and says so, what a lane of an earlier configuration was owed of a batch that goes', async () => {
    await close(measurement('m-1'))
    await reopen(CARE_ONLY)
    drain(laneOf('fhir:care'), laneOf('anchor:consortium'))
    const [owed] = journal.queue.list(laneOf('fhir:vault'), 'waiting', 10)
    later(91)
    await retention().run()
    expect(journal.queue.audit(owed?.id as number)[0]).to.include({ action: 'drop', actor: 'retention' })
    expect(journal.outbox.formerDepths()).to.deep.equal([])
    await reopen()
    expect(journal.queue.list(laneOf('fhir:vault'), 'waiting', 10)).to.deep.equal([])
    expect(journal.outbox.claim(laneOf('fhir:care'))).to.equal(null)
  })

  it('works in small pieces between which readings are committed, and goes on after a crash at any of them', async function () {
    this.timeout(60_000)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 12 }), async (runs) => {
        await journal.stop()
        folder.remove()
        folder = new TemporaryFolder()
        clock = new TestClock()
        await open()
        const many = Array.from({ length: 250 }, (_, i) => (i % 2 ? waveform(`w-${i}`) : cuff(`m-${i}`)))
        const first = await close(...many)
        await close(measurement('last'))
        drain(...ALL)
        later(91)
        let commits = 0
        const pause = () => journal.commit({ measurements: [measurement(`between-${commits++}`)], transitions: [] })
        for (const maxSteps of runs) {
          await retention({ maxSteps, pause }).run()
          await reopen()
        }
        await retention({ pause }).run()
        expect(commits).to.be.greaterThan(5)
        expect(journal.measurements.unbatchedCount()).to.equal(commits)
        expect(journal.batches.leafHashes(1)).to.deep.equal(
          first.leaves.map((leaf) => leafHash(leaf.salt, leaf.observation)),
        )
        expect(rowsOf('SELECT batch FROM leaf')).to.deep.equal([])
        expect(many.filter(({ identifier }) => journal.measurements.has(identifier))).to.have.length(125)
      }),
      { numRuns: 8 },
    )
  })

  it('gives the room back to the disk when that is low', async () => {
    const bulky = { note: 'x'.repeat(20_000) }
    await journal.commit({
      measurements: Array.from({ length: 300 }, (_, i) => measurement(`m-${i}`)),
      transitions: [],
    })
    const draft = nextBatch(journal, 1000)
    journal.batches.close({
      ...draft,
      closedAt: clock.now(),
      leaves: draft.leaves.map((leaf) => ({ ...leaf, observation: JSON.stringify(bulky) })),
    })
    drain(...ALL)
    later(91)
    await retention().run()
    // Little is free: it is kept for what comes next.
    expect(journal.retention.size().free).to.be.greaterThan(5_000_000)
    await retention({ diskLow: () => true }).run()
    expect(journal.retention.size().free).to.be.lessThan(100_000)
    await journal.stop()
    expect(statSync(folder.journal).size).to.be.lessThan(2_000_000)
  })

  it('ends without an error when the gateway stops meanwhile', async () => {
    await close(measurement('m-1'))
    drain(...ALL)
    later(91)
    const report = await retention({ pause: () => journal.stop() }).run()
    expect(report.complete).to.equal(false)
    await open()
    await retention().run()
    expect(isHeld(1)).to.equal(false)
  })

  function rowsOf<Row>(sql: string): Row[] {
    const sqlite = new Sqlite(folder.journal, { readonly: true })
    try {
      return sqlite.prepare(sql).all() as Row[]
    } finally {
      sqlite.close()
    }
  }
})
