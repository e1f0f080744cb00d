import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Measurement } from '#fhir/measurement.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { type Lane, laneKey, laneOf } from '#gateway/model/lane.js'
import {
  codeOf,
  hash,
  journalAt,
  LANES,
  measurement,
  nextBatch,
  TemporaryFolder,
  transition,
} from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'
import { told } from '#test/support/told.js'

describe('The SQLite journal', () => {
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

  async function reopen(options: Parameters<typeof journalAt>[1] = {}): Promise<void> {
    await journal.stop()
    journal = journalAt(folder.journal, options)
    await journal.start()
  }

  /** Everything that waits in a lane, delivered. */
  function allOwed(lane: Lane): OutboxEntry[] {
    const entries: OutboxEntry[] = []
    for (let entry = journal.outbox.claim(lane); entry; entry = journal.outbox.claim(lane)) {
      journal.outbox.launch(entry)
      journal.outbox.settle(entry, { class: 'delivered' }, 1)
      entries.push(entry)
    }
    return entries
  }

  it('keeps its files for the owner alone', () => {
    expect(statSync(dirname(folder.journal)).mode & 0o777).to.equal(0o700)
    for (const suffix of ['', '-wal', '-shm', '.lock', '.pid'])
      expect(statSync(folder.journal + suffix).mode & 0o777, suffix).to.equal(0o600)
  })

  it('gives measurements back as they were committed, in commit order, after a restart too', async () => {
    const given: Measurement[] = [
      measurement('b', { at: 2, until: 5, deviceTime: '2026-01-01T10:00', remarks: ['device-clock-unverified'] }),
      measurement('a', {
        at: 1.5,
        sensor: 'bloodPressure',
        value: { type: 'bloodPressure', systolic: 120, diastolic: 80 },
      }),
      measurement('p', { value: { type: 'position', position: 'supine' } }),
      measurement('x', { value: { type: 'absent', reason: 'error' }, quality: 'missing' }),
    ]
    await journal.commit({ measurements: given, transitions: [] })
    expect(journal.measurements.unbatched(10)).to.deep.equal(given)
    await reopen()
    expect(journal.measurements.unbatched(10)).to.deep.equal(given)
    expect(journal.measurements.unbatched(2)).to.deep.equal(given.slice(0, 2))
    expect(journal.measurements.unbatchedCount()).to.equal(4)
  })

  it('gives any waveform back sample by sample, also beyond 16 bits and with gaps', async function () {
    this.timeout(60_000)
    let count = 0
    const sample = fc.option(
      fc.oneof(
        fc.integer({ min: -32768, max: 32767 }),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { maxLength: 50 }), async (samples) => {
        // JSON and integers both know one zero only.
        const clean = samples.map((value) => (value === 0 ? 0 : value))
        const value = {
          type: 'waveform',
          periodMs: 1000 / 360,
          origin: -1.5,
          factor: 0.005,
          lowerLimit: -5,
          upperLimit: 5,
        }
        const given = measurement(`w${count++}`, {
          sensor: 'ecg',
          observable: 'ecgWaveform',
          value: { ...value, samples: clean } as Measurement['value'],
        })
        await journal.commit({ measurements: [given], transitions: [] })
        expect(journal.measurements.unbatched(1000).at(-1)).to.deep.equal(given)
      }),
      { numRuns: 40 },
    )
  })

  it('stores a measurement that arrives twice once, and counts it once', async () => {
    await journal.commit({ measurements: [measurement('a'), measurement('a')], transitions: [] })
    await journal.commit({ measurements: [measurement('a'), measurement('b')], transitions: [] })
    expect(journal.measurements.unbatched(10).map(({ identifier }) => identifier)).to.deep.equal(['a', 'b'])
    expect(journal.measurements.counts().pulse).to.equal(2)
    expect(journal.measurements.counts().ecg).to.equal(0)
    expect(journal.measurements.has('a')).to.equal(true)
    expect(journal.measurements.has('c')).to.equal(false)
  })

  it('counts once what came under the identity of another one', async () => {
    const conflict = measurement('a.1', { remarks: ['identity-conflict'] })
    await journal.commit({ measurements: [measurement('a'), conflict, conflict], transitions: [] })
    expect(journal.measurements.conflicts()).to.equal(1)
    await reopen()
    expect(journal.measurements.conflicts()).to.equal(1)
  })

  it('refuses a measurement that cannot be stored without harming others of its group', async () => {
    const clock = new TestClock()
    await reopen({ clock, commit: { maxDelayMs: 1000, maxCount: 100 } })
    const good = journal.commit({ measurements: [measurement('a')], transitions: [] })
    const bad = { ...measurement('b'), value: { type: 'quantity' as const, value: Number.NaN } }
    expect(await codeOf(() => journal.commit({ measurements: [bad], transitions: [] }))).to.equal(
      'journal.not-storable',
    )
    await clock.advance(1000)
    await good
    expect(journal.measurements.unbatchedCount()).to.equal(1)
  })

  it('owes each alert channel what it is to be told, and each fhir target that wants alerts all of it', async () => {
    await journal.commit({ measurements: [], ...told([transition()]) })
    const depths = Object.fromEntries(journal.outbox.depths().map(({ lane, depth }) => [laneKey(lane), depth]))
    expect(depths).to.deep.equal({
      'alert:doctor': 1,
      'alert:terminal': 1,
      'anchor:consortium': 0,
      'fhir:archive': 0,
      'fhir:clinic': 0,
      'fhir-alert:clinic': 3,
    })
    const entry = journal.outbox.claim(laneOf('alert:doctor'))
    expect(entry).to.deep.include({ lane: laneOf('alert:doctor'), kind: 'notification', state: 'claimed', attempts: 0 })
    expect(journal.notifications.byId(entry?.ref ?? 0)?.transition).to.deep.equal(transition())
  })

  it('stores the same transition once', async () => {
    await journal.commit({ measurements: [], ...told([transition(), transition()]) })
    await journal.commit({ measurements: [], ...told([transition()]) })
    expect(journal.alerts.latest(10)).to.have.length(1)
    expect(journal.outbox.depths().find(({ lane }) => laneKey(lane) === 'alert:doctor')?.depth).to.equal(1)
  })

  it('restarts the alert machine from the episodes that are active', async () => {
    const low = transition()
    const bare = {
      alertId: 'probe-off-spo2-5',
      condition: 'probe-off-spo2',
      kind: 'technical',
      priority: 'low',
    } as const
    const off = { ...bare, state: 'active', at: 5, raisedAt: 5 } as const
    await journal.commit({ measurements: [], ...told([low, off]) })
    await journal.commit({ measurements: [], ...told([{ ...low, state: 'cleared', at: low.at + 60_000 }]) })
    await reopen()
    expect(journal.alerts.active()).to.deep.equal([off])
    expect(journal.alerts.latest(2).map(({ state }) => state)).to.deep.equal(['cleared', 'active'])
  })

  it('writes a delivered alert down, and owes its Communication, in one step', async () => {
    await journal.commit({ measurements: [], ...told([transition()]) })
    const entry = journal.outbox.claim(laneOf('alert:doctor'))
    if (!entry) throw new Error('nothing queued')
    journal.outbox.launch(entry)
    journal.outbox.settle(entry, { class: 'delivered' }, 1)
    const [delivery, ...others] = journal.alerts.deliveries(10)
    expect(others).to.deep.equal([])
    expect(delivery).to.deep.include({ channel: 'doctor', transition: transition() })
    expect(journal.alerts.delivery(delivery?.id ?? 0)).to.deep.equal(delivery)
    expect(journal.outbox.claim(laneOf('alert:doctor'))).to.equal(null)
    expect(delivery?.notification).to.equal(entry.ref)
    const owed = allOwed(laneOf('fhir-alert:clinic'))
    expect(owed.map(({ kind }) => kind)).to.deep.equal(['alert', 'notification', 'notification', 'communication'])
    expect(owed[3]?.ref).to.equal(delivery?.id)
    expect(journal.outbox.claim(laneOf('fhir:archive'))).to.equal(null)
  })

  it('owes the fhir targets that a message was refused for good', async () => {
    await journal.commit({ measurements: [], ...told([transition()], ['doctor']) })
    const entry = journal.outbox.claim(laneOf('alert:doctor'))
    if (!entry) throw new Error('nothing queued')
    journal.outbox.launch(entry)
    journal.outbox.settle(entry, { class: 'permanent', reason: 'HTTP 410' }, 1)
    expect(journal.alerts.deliveries(10)).to.deep.equal([])
    expect(allOwed(laneOf('fhir-alert:clinic')).at(-1)).to.include({ kind: 'undelivered', ref: entry.ref })
  })

  it('owes a flag of an alert that stands once, on the fhir targets that want alerts', async () => {
    const low = transition()
    await journal.commit({ measurements: [], transitions: [low] })
    expect(journal.outbox.isFlagged(laneOf('fhir-alert:clinic'), low.alertId)).to.equal(false)
    journal.outbox.queueFlags([low.alertId, 'unknown-1'])
    await reopen()
    journal.outbox.queueFlags([low.alertId])
    const [alert, flag, ...others] = allOwed(laneOf('fhir-alert:clinic'))
    expect([alert?.kind, flag?.kind, others]).to.deep.equal(['alert', 'flag', []])
    await journal.commit({ measurements: [], transitions: [{ ...low, state: 'cleared', at: low.at + 1 }] })
    expect(journal.alerts.episodeById(flag?.ref ?? 0).map(({ state }) => state)).to.deep.equal(['active', 'cleared'])
    expect(journal.outbox.isFlagged(laneOf('fhir-alert:clinic'), low.alertId)).to.equal(true)
    expect(journal.outbox.isFlagged(laneOf('fhir:archive'), low.alertId)).to.equal(false)
    expect(journal.outbox.isFlagged(laneOf('fhir-alert:clinic'), 'unknown-1')).to.equal(false)
    expect(journal.outbox.claim(laneOf('fhir:archive'))).to.equal(null)
  })

  it('shows the deliveries of the latest episodes only, oldest first', async () => {
    for (const raisedAt of [10, 20, 30]) {
      await journal.commit({ measurements: [], ...told([transition({ raisedAt })]) })
      for (const lane of [laneOf('alert:terminal'), laneOf('alert:doctor')]) {
        const entry = journal.outbox.claim(lane)
        if (!entry) throw new Error('nothing queued')
        journal.outbox.launch(entry)
        journal.outbox.settle(entry, { class: 'delivered' }, 1)
      }
    }
    const shown = journal.alerts.deliveries(2).map(({ transition: { raisedAt }, channel }) => `${raisedAt} ${channel}`)
    expect(shown).to.deep.equal(['20 terminal', '20 doctor', '30 terminal', '30 doctor'])
  })

  describe('closing a batch', () => {
    beforeEach(async () => {
      await journal.commit({ measurements: ['a', 'b', 'c'].map((name) => measurement(name)), transitions: [] })
    })

    it('keeps exactly what was hashed, marks the measurements, and owes it to fhir and anchor lanes', async () => {
      const batch = nextBatch(journal, 2)
      journal.batches.close(batch)
      await reopen()
      expect(journal.batches.byNumber(1)).to.deep.equal(batch)
      expect(journal.batches.last()).to.deep.equal(batch.header)
      expect(journal.batches.numbers()).to.deep.equal([1])
      expect(journal.measurements.batchOf('a')).to.equal(1)
      expect(journal.measurements.batchOf('c')).to.equal(null)
      expect(journal.measurements.batchOf('unknown')).to.equal(null)
      expect(journal.measurements.unbatched(10).map(({ identifier }) => identifier)).to.deep.equal(['c'])
      expect(journal.batches.counts().closed).to.equal(1)
      for (const lane of [laneOf('fhir:clinic'), laneOf('fhir:archive'), laneOf('anchor:consortium')])
        expect(journal.outbox.claim(lane), lane.kind).to.include({ kind: 'batch', ref: 1 })
      expect(journal.outbox.claim(laneOf('alert:doctor'))).to.equal(null)
    })

    it('recognises a batched measurement that arrives again', async () => {
      journal.batches.close(nextBatch(journal))
      await journal.commit({ measurements: [measurement('a')], transitions: [] })
      expect(journal.measurements.unbatchedCount()).to.equal(0)
    })

    it('refuses a number or a previous root that does not continue the last batch', async () => {
      const first = nextBatch(journal, 1)
      const wrong = (over: object) => () => journal.batches.close({ ...first, header: { ...first.header, ...over } })
      expect(await codeOf(wrong({ number: 2 }))).to.equal('journal.batch-order')
      expect(await codeOf(wrong({ previousRoot: hash(9) }))).to.equal('journal.batch-order')
      journal.batches.close(first)
      expect(await codeOf(() => journal.batches.close(first))).to.equal('journal.batch-order')
      const second = nextBatch(journal, 1)
      const forked = { ...second, header: { ...second.header, previousRoot: hash(7) } }
      expect(await codeOf(() => journal.batches.close(forked))).to.equal('journal.batch-order')
      journal.batches.close(second)
      expect(journal.batches.numbers()).to.deep.equal([1, 2])
    })

    it('keeps nothing of a batch whose leaves it does not know', async () => {
      const batch = nextBatch(journal)
      const leaves = batch.leaves.map((leaf, index) => (index === 2 ? { ...leaf, identifier: 'unknown' } : leaf))
      expect(await codeOf(() => journal.batches.close({ ...batch, leaves }))).to.equal('journal.batch-content')
      expect(await codeOf(() => journal.batches.close({ ...batch, leaves: leaves.slice(1) }))).to.equal(
        'journal.batch-content',
      )
      expect(journal.batches.last()).to.equal(null)
      expect(journal.measurements.unbatchedCount()).to.equal(3)
      expect(journal.batches.counts().closed).to.equal(0)
      expect(journal.outbox.claim(laneOf('anchor:consortium'))).to.equal(null)
    })

    it('keeps the signed transaction and the receipt of an anchor, and counts an anchored batch once', () => {
      journal.batches.close(nextBatch(journal))
      expect(journal.anchors.transaction(1)).to.equal(null)
      journal.anchors.saveTransaction(1, { raw: '0x02', hash: hash(5), nonce: 3 })
      expect(journal.anchors.transaction(1)).to.deep.equal({ raw: '0x02', hash: hash(5), nonce: 3 })
      const block = { blockNumber: 8, blockHash: hash(6), blockTime: 1_700_000_070_000, gasUsed: 51_000 }
      const receipt = { batchNumber: 1, transactionHash: hash(5), ...block }
      expect(journal.anchors.lastReceipt()).to.equal(null)
      journal.anchors.saveReceipt(receipt)
      journal.anchors.saveReceipt({ ...receipt, blockNumber: 9 })
      expect(journal.anchors.receipt(1)).to.deep.equal({ ...receipt, blockNumber: 9 })
      expect(journal.anchors.lastReceipt()?.batchNumber).to.equal(1)
      expect(journal.batches.counts().anchored).to.equal(1)
    })
  })

  it('keeps the first epoch key stored for an epoch', () => {
    expect(journal.epochKeys.get('p/vital-signs/2026-01-01')).to.equal(null)
    expect(journal.epochKeys.put('p/vital-signs/2026-01-01', 'first')).to.equal('first')
    expect(journal.epochKeys.put('p/vital-signs/2026-01-01', 'second')).to.equal('first')
    expect(journal.epochKeys.list()).to.deep.equal([{ epoch: 'p/vital-signs/2026-01-01', wrapped: 'first' }])
  })

  it('calls a lane when something is queued for it, until it unsubscribes, and survives a listener that throws', async () => {
    const calls: string[] = []
    const stop = journal.outbox.onQueued(laneOf('alert:doctor'), () => {
      calls.push('doctor')
      throw new Error('a mistake')
    })
    journal.outbox.onQueued(laneOf('fhir:archive'), () => calls.push('archive'))
    await journal.commit({ measurements: [measurement('a')], ...told([transition()]) })
    expect(calls).to.deep.equal(['doctor'])
    stop()
    await journal.commit({ measurements: [], ...told([transition({ raisedAt: 77 })]) })
    journal.batches.close(nextBatch(journal))
    expect(calls).to.deep.equal(['doctor', 'archive'])
  })

  it('keeps what a lane owes while the configuration does not name it', async () => {
    await journal.commit({ measurements: [], ...told([transition()]) })
    await reopen({ lanes: LANES.filter(({ lane }) => lane.name !== 'doctor') })
    expect(journal.outbox.depths().map(({ lane }) => laneKey(lane))).to.not.include('alert:doctor')
    await reopen()
    expect(journal.outbox.claim(laneOf('alert:doctor'))).to.include({ kind: 'notification' })
  })

  it('may be started and stopped twice, and says that it is closed', async () => {
    await journal.start()
    await journal.stop()
    await journal.stop()
    expect(await codeOf(() => journal.commit({ measurements: [], transitions: [] }))).to.equal('journal.closed')
    expect(await codeOf(() => journal.batches.last())).to.equal('journal.closed')
    expect(await codeOf(() => journal.anchors.lastReceipt())).to.equal('journal.closed')
    await journal.start()
    expect(journal.batches.last()).to.equal(null)
  })

  it('makes durable what waits when it is stopped', async () => {
    await reopen({ commit: { maxDelayMs: 5000, maxCount: 100 } })
    const waiting = journal.commit({ measurements: [measurement('a')], transitions: [] })
    await reopen()
    await waiting
    expect(journal.measurements.has('a')).to.equal(true)
  })
})
