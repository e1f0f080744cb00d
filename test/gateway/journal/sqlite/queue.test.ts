import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'chai'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { MIGRATIONS } from '#gateway/journal/sqlite/schema.js'
import { isSameLane, type Lane, laneKey, laneOf } from '#gateway/model/lane.js'
import { anchorRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import {
  codeOf,
  hash,
  journalAt,
  measurement,
  nextBatch,
  TemporaryFolder,
  transition,
} from '#test/gateway/journal/journal-fixture.js'
import { told } from '#test/support/told.js'

const NONE = { waiting: false, undeliveredAlert: false }
const CLINIC = laneOf('fhir:clinic')
const ANCHOR = laneOf('anchor:consortium')

describe('The queue that people see', () => {
  let folder: TemporaryFolder
  let journal: Journal

  beforeEach(async () => {
    folder = new TemporaryFolder()
    journal = journalAt(folder.journal)
    await journal.start()
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  async function closeBatches(count: number): Promise<void> {
    for (let i = 1; i <= count; i++) {
      const number = (journal.batches.last()?.number ?? 0) + 1
      await journal.commit({ measurements: [measurement(`m-${number}`)], transitions: [] })
      journal.batches.close(nextBatch(journal))
    }
  }

  function refuse(lane: Lane, resources = 1): OutboxEntry {
    const entry = journal.outbox.claim(lane) as OutboxEntry
    journal.outbox.launch(entry)
    journal.outbox.settle(entry, { class: 'permanent', reason: 'HTTP 422' }, resources)
    return entry
  }

  function deliver(lane: Lane): number | undefined {
    const entry = journal.outbox.claim(lane)
    if (!entry) return undefined
    journal.outbox.launch(entry)
    journal.outbox.settle(entry, { class: 'delivered' }, 1)
    return entry.ref
  }

  const depth = (lane: Lane) => journal.outbox.depths().find((one) => isSameLane(one.lane, lane))

  it('lists what waits and what was refused, with the reason, oldest first', async () => {
    await closeBatches(3)
    const { id } = refuse(CLINIC)
    expect(journal.queue.list(CLINIC, 'rejected', 10)).to.have.length(1)
    expect(journal.queue.list(CLINIC, 'rejected', 10)[0]).to.include({
      id,
      ref: 1,
      state: 'rejected',
      reason: 'HTTP 422',
    })
    expect(journal.queue.list(CLINIC, 'waiting', 10).map(({ ref }) => ref)).to.deep.equal([2, 3])
    expect(journal.queue.list(null, 'waiting', 100)).to.have.length(8)
    expect(journal.queue.list(null, 'waiting', 4)).to.have.length(4)
  })

  it('puts a refused entry back where it was: it goes before those that were queued after it', async () => {
    await closeBatches(3)
    const { id } = refuse(CLINIC, 7)
    expect(deliver(CLINIC)).to.equal(2)
    expect(depth(CLINIC)).to.include({ rejected: 1, resourcesFailed: 7 })
    const woken: Lane[] = []
    journal.outbox.onQueued(CLINIC, () => woken.push(CLINIC))
    expect(journal.queue.retry([id], 'anna')[0]).to.include({ id, state: 'queued' })
    expect(woken).to.deep.equal([CLINIC])
    expect(depth(CLINIC)).to.include({ rejected: 0, resourcesFailed: 0, depth: 2 })
    expect([deliver(CLINIC), deliver(CLINIC), deliver(CLINIC)]).to.deep.equal([1, 3, undefined])
    expect(journal.queue.audit(id)).to.deep.equal([
      { action: 'retry', actor: 'anna', at: Date.UTC(2026, 0, 1, 12), reason: null, refusal: 'HTTP 422' },
    ])
  })

  it('never has two entries of a lane under way, also when an older one is put back meanwhile', async () => {
    await closeBatches(2)
    const { id } = refuse(CLINIC)
    const second = journal.outbox.claim(CLINIC) as OutboxEntry
    journal.outbox.launch(second)
    journal.queue.retry([id], 'anna')
    expect(await codeOf(() => journal.outbox.claim(CLINIC))).to.equal('journal.outbox-order')
    journal.outbox.settle(second, { class: 'delivered' }, 1)
    expect(deliver(CLINIC)).to.equal(1)
  })

  it('puts back all of a list or none of it', async () => {
    await closeBatches(2)
    const { id } = refuse(CLINIC)
    expect(await codeOf(() => journal.queue.retry([id, 9999], 'anna'))).to.equal('queue.not-found')
    expect(journal.queue.entry(id)?.state).to.equal('rejected')
    expect(journal.queue.rejected(CLINIC)).to.deep.equal([id])
  })

  it('drops what was refused and keeps who, when, why, and what the far end had said; a mistake can be undone', async () => {
    await closeBatches(1)
    const { id } = refuse(CLINIC)
    expect(journal.queue.drop(id, 'anna', 'patient moved', NONE).state).to.equal('dropped')
    expect(depth(CLINIC)).to.include({ rejected: 0, dropped: 1, depth: 0 })
    expect(journal.queue.audit(id)[0]).to.include({
      action: 'drop',
      actor: 'anna',
      reason: 'patient moved',
      refusal: 'HTTP 422',
    })
    expect(await codeOf(() => journal.queue.drop(id, 'anna', 'again', NONE))).to.equal('queue.dropped')
    journal.queue.retry([id], 'anna')
    expect(depth(CLINIC)).to.include({ dropped: 0, depth: 1 })
    expect(deliver(CLINIC)).to.equal(1)
    expect(await codeOf(() => journal.queue.drop(id, 'anna', 'x', NONE))).to.equal('queue.delivered')
    expect(await codeOf(() => journal.queue.retry([id], 'anna'))).to.equal('queue.delivered')
  })

  it('drops what only waits when told so, and nothing that is under way', async () => {
    await closeBatches(1)
    const entry = journal.outbox.claim(CLINIC) as OutboxEntry
    expect(await codeOf(() => journal.queue.drop(entry.id, 'anna', 'x', NONE))).to.equal('queue.waiting')
    journal.outbox.launch(entry)
    const permitted = { ...NONE, waiting: true }
    expect(await codeOf(() => journal.queue.drop(entry.id, 'anna', 'x', permitted))).to.equal('queue.inflight')
    journal.outbox.settle(entry, { class: 'transient', reason: 'HTTP 503' }, 0)
    expect(journal.queue.drop(entry.id, 'anna', 'x', permitted).state).to.equal('dropped')
    expect(journal.outbox.claim(CLINIC)).to.equal(null)
  })

  it('drops an alert that nobody was told of only when that is said', async () => {
    await journal.commit({ measurements: [], ...told([transition()]) })
    const { id } = refuse(laneOf('alert:doctor'))
    expect(await codeOf(() => journal.queue.drop(id, 'anna', 'x', NONE))).to.equal('queue.alert')
    expect(journal.queue.drop(id, 'anna', 'x', { ...NONE, undeliveredAlert: true }).state).to.equal('dropped')
  })

  it('holds the anchor lane at a refused anchor, and drops one only when it is on the chain', async () => {
    await closeBatches(3)
    const { id } = refuse(ANCHOR)
    expect(journal.outbox.claim(ANCHOR)).to.equal(null)
    expect(depth(ANCHOR)).to.include({ state: 'held', depth: 2, rejected: 1 })
    const permitted = { waiting: true, undeliveredAlert: true }
    expect(await codeOf(() => journal.queue.drop(id, 'anna', 'x', permitted))).to.equal('queue.anchor')
    const waiting = journal.queue.list(ANCHOR, 'waiting', 1)[0]?.id as number
    expect(await codeOf(() => journal.queue.drop(waiting, 'anna', 'x', permitted))).to.equal('queue.anchor')
    journal.anchors.saveReceipt({
      batchNumber: 1,
      transactionHash: hash(1),
      blockNumber: 1,
      blockHash: hash(2),
      blockTime: 1,
      gasUsed: 1,
    })
    journal.queue.drop(id, 'anna', 'anchored by the restored gateway', NONE)
    expect(deliver(ANCHOR)).to.equal(2)
    expect(depth(ANCHOR)?.state).to.equal('waiting')
  })

  it('goes on with the anchors once the refused one is put back', async () => {
    await closeBatches(2)
    const { id } = refuse(ANCHOR)
    journal.queue.retry([id], 'anna')
    expect([deliver(ANCHOR), deliver(ANCHOR), deliver(ANCHOR)]).to.deep.equal([1, 2, undefined])
  })

  it('does not put back what belongs to a lane that the configuration no longer has, and shows such lanes apart', async () => {
    await closeBatches(2)
    const { id } = refuse(laneOf('fhir:archive'))
    await journal.stop()
    journal = journalAt(folder.journal, {
      lanes: [...fhirRoutes('clinic', 'clear'), anchorRoute('consortium')],
    })
    await journal.start()
    expect(await codeOf(() => journal.queue.retry([id], 'anna'))).to.equal('queue.lane')
    expect(depth(laneOf('fhir:archive'))).to.equal(undefined)
    expect(journal.outbox.formerDepths().map(({ lane, depth, rejected }) => ({ lane, depth, rejected }))).to.deep.equal(
      [{ lane: laneOf('fhir:archive'), depth: 1, rejected: 1 }],
    )
  })

  it('brings a journal of the first schema up to date, with what was refused in it', async () => {
    await journal.stop()
    folder.remove()
    folder = new TemporaryFolder()
    mkdirSync(dirname(folder.journal), { recursive: true })
    const sqlite = new Sqlite(folder.journal)
    sqlite.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1;
      INSERT INTO lane (name, rejected, resources_failed) VALUES ('${laneKey(CLINIC)}', 1, 7);
      INSERT INTO outbox (lane, kind, ref, state, attempts, created_at, reason, settled_at)
        VALUES ('${laneKey(CLINIC)}', 'alert', 1, 'rejected', 1, 5, 'HTTP 422', 6);`)
    sqlite.close()
    journal = journalAt(folder.journal)
    await journal.start()
    const alerts = laneOf('fhir-alert:clinic')
    expect(journal.queue.list(alerts, 'rejected', 10)).to.have.length(1)
    journal.queue.retry(journal.queue.rejected(alerts), 'anna')
    expect(depth(alerts)).to.include({ depth: 1, rejected: 0, dropped: 0 })
    expect(depth(CLINIC)).to.include({ depth: 0, rejected: 0, dropped: 0 })
  })

  it('gives a lane that is new, or was away, the batches closed without it: in order, each once', async () => {
    const small = fhirRoutes('clinic', 'clear')
    const reopen = async (lanes: typeof small | undefined) => {
      await journal.stop()
      journal = journalAt(folder.journal, lanes && { lanes })
      await journal.start()
    }
    await closeBatches(1)
    expect(deliver(laneOf('fhir:archive'))).to.equal(1)
    await reopen(small)
    await closeBatches(2)
    for (let times = 0; times < 2; times++) {
      await reopen(undefined)
      expect(journal.queue.list(laneOf('fhir:archive'), 'waiting', 10).map(({ ref }) => ref)).to.deep.equal([2, 3])
      expect(journal.queue.list(laneOf('fhir:clinic'), 'waiting', 10).map(({ ref }) => ref)).to.deep.equal([1, 2, 3])
      expect(journal.queue.list(ANCHOR, 'waiting', 10).map(({ ref }) => ref)).to.deep.equal([1, 2, 3])
    }
    await closeBatches(1)
    expect([1, 2, 3].map(() => deliver(laneOf('fhir:archive')))).to.deep.equal([2, 3, 4])
  })
})
