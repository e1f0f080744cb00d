import { expect } from 'chai'
import fc from 'fast-check'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { isSameLane, laneKey, laneOf } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { codeOf, journalAt, TemporaryFolder, transition } from '#test/gateway/journal/journal-fixture.js'
import { told } from '#test/support/told.js'

const LANE = laneOf('alert:doctor')

/** What must be true of one lane: its waiting references in order, and what has become of the others. */
interface Model {
  queue: number[]
  delivered: number[]
  rejected: number[]
  dropped: number
  /** Refused at least once. */
  refused: Set<number>
  attempts: Map<number, number>
  /** The entry in the worker's hands; not always the oldest: an older one may be put back meanwhile. */
  current: number
  head: 'waiting' | 'claimed' | 'inflight'
  committed: number
}

interface Real {
  journal: Journal
  entry: OutboxEntry | null
  readonly folder: TemporaryFolder
}

type Step = fc.AsyncCommand<Model, Real>

class CommitStep implements Step {
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    model.committed++
    await real.journal.commit({ measurements: [], ...told([transition({ raisedAt: model.committed })]) })
    model.queue.push(model.committed)
  }
  toString = () => 'commit'
}

class ClaimStep implements Step {
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    if (model.head === 'inflight') {
      expect(await codeOf(() => real.journal.outbox.claim(LANE))).to.equal('journal.outbox-order')
      return
    }
    real.entry = real.journal.outbox.claim(LANE)
    expect(real.entry === null).to.equal(model.queue.length === 0)
    if (!real.entry) return
    expect(real.journal.notifications.byId(real.entry.ref)?.transition.raisedAt).to.equal(model.queue[0])
    model.current = model.queue[0] as number
    expect(real.entry).to.include({ state: 'claimed', attempts: model.attempts.get(model.current) ?? 0 })
    model.head = 'claimed'
  }
  toString = () => 'claim'
}

class LaunchStep implements Step {
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    const { entry, journal } = real
    if (!entry) return
    if (model.head !== 'claimed') {
      expect(await codeOf(() => journal.outbox.launch(entry))).to.equal('journal.outbox-order')
      return
    }
    journal.outbox.launch(entry)
    model.head = 'inflight'
    model.attempts.set(model.current, (model.attempts.get(model.current) ?? 0) + 1)
  }
  toString = () => 'launch'
}

class SettleStep implements Step {
  readonly #outcome: DeliveryOutcome
  constructor(outcome: DeliveryOutcome) {
    this.#outcome = outcome
  }
  check = () => true
  async run(model: Model, { entry, journal }: Real): Promise<void> {
    if (!entry) return
    if (model.head !== 'inflight') {
      expect(await codeOf(() => journal.outbox.settle(entry, this.#outcome, 1))).to.equal('journal.outbox-order')
      return
    }
    journal.outbox.settle(entry, this.#outcome, 1)
    model.head = 'waiting'
    if (this.#outcome.class === 'transient' || this.#outcome.class === 'ambiguous') return
    model.queue = model.queue.filter((one) => one !== model.current)
    if (this.#outcome.class === 'delivered') model.delivered.push(model.current)
    else {
      model.rejected.push(model.current)
      model.refused.add(model.current)
    }
  }
  toString = () => `settle ${this.#outcome.class}`
}

/** A person puts back, or drops, the oldest that was refused. */
class MendStep implements Step {
  readonly #action: 'retry' | 'drop'
  constructor(action: 'retry' | 'drop') {
    this.#action = action
  }
  check = () => true
  async run(model: Model, { journal }: Real): Promise<void> {
    const ids = journal.queue.rejected(LANE)
    model.rejected.sort((a, b) => a - b)
    expect(ids.map((id) => raisedAtOf(journal, id))).to.deep.equal(model.rejected)
    const [id] = ids
    if (id === undefined) return
    const oldest = model.rejected.shift() as number
    if (this.#action === 'drop') {
      journal.queue.drop(id, 'anna', 'known', { waiting: false, undeliveredAlert: true })
      model.dropped++
    } else {
      journal.queue.retry([id], 'anna')
      model.queue = [...model.queue, oldest].sort((a, b) => a - b)
    }
  }
  toString = () => this.#action
}

function raisedAtOf(journal: Journal, id: number): number | undefined {
  return journal.notifications.byId(journal.queue.entry(id)?.ref ?? 0)?.transition.raisedAt
}

class RestartStep implements Step {
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    await real.journal.stop()
    real.journal = journalAt(real.folder.journal)
    await real.journal.start()
    // The worker that held a claim is gone; an entry that was inflight is one to be repeated.
    real.entry = null
    model.head = 'waiting'
  }
  toString = () => 'restart'
}

describe('The outbox', () => {
  it('keeps order, loses nothing and doubles nothing, whatever happens in whatever order', async function () {
    this.timeout(120_000)
    const commands = [
      fc.constant(new CommitStep()),
      fc.constant(new ClaimStep()),
      fc.constant(new LaunchStep()),
      fc
        .constantFrom<DeliveryOutcome>(
          { class: 'delivered' },
          { class: 'delivered' },
          { class: 'transient', reason: 'no connection' },
          { class: 'ambiguous', reason: 'no answer' },
          { class: 'permanent', reason: 'refused' },
        )
        .map((outcome) => new SettleStep(outcome)),
      fc.constant(new RestartStep()),
      fc.constantFrom<'retry' | 'drop'>('retry', 'retry', 'drop').map((action) => new MendStep(action)),
    ]
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async (steps) => {
        const folder = new TemporaryFolder()
        const model: Model = {
          ...{ queue: [], delivered: [], rejected: [], dropped: 0, refused: new Set(), attempts: new Map() },
          ...{ current: 0, head: 'waiting', committed: 0 },
        }
        const real: Real = { journal: journalAt(folder.journal), entry: null, folder }
        try {
          await real.journal.start()
          await fc.asyncModelRun(() => ({ model, real }), steps)
          const depth = real.journal.outbox.depths().find(({ lane }) => isSameLane(lane, LANE))
          expect(depth).to.include({
            depth: model.queue.length,
            delivered: model.delivered.length,
            rejected: model.rejected.length,
            dropped: model.dropped,
            resourcesAccepted: model.delivered.length,
            resourcesFailed: model.rejected.length + model.dropped,
          })
          const reached = real.journal.alerts.deliveries(1000).map(({ transition: { raisedAt } }) => raisedAt)
          expect(reached).to.deep.equal(model.delivered)
          // Each alert with its two messages, and what became of those of this lane.
          const clinic = real.journal.outbox.depths().find(({ lane }) => laneKey(lane) === 'fhir-alert:clinic')
          expect(clinic?.depth).to.equal(3 * model.committed + model.delivered.length + model.refused.size)
        } finally {
          await real.journal.stop()
          folder.remove()
        }
      }),
      { numRuns: 15 },
    )
  })

  it('says why the head of a lane waits, and until when', async () => {
    const folder = new TemporaryFolder()
    const journal = journalAt(folder.journal)
    await journal.start()
    const shown = () => journal.outbox.depths().find(({ lane }) => isSameLane(lane, LANE))
    try {
      await journal.commit({ measurements: [], ...told([transition()]) })
      expect(shown()).to.include({ depth: 1, lastReason: null, nextAt: null })
      const entry = journal.outbox.claim(LANE) as OutboxEntry
      journal.outbox.launch(entry)
      journal.outbox.settle(entry, { class: 'transient', reason: 'HTTP 503' }, 0, 4000)
      expect(shown()).to.include({ depth: 1, lastReason: 'HTTP 503', nextAt: 4000 })
    } finally {
      await journal.stop()
      folder.remove()
    }
  })

  it('treats an entry that was inflight at a crash as one to be repeated', async () => {
    const folder = new TemporaryFolder()
    let journal = journalAt(folder.journal)
    await journal.start()
    await journal.commit({ measurements: [], ...told([transition()]) })
    journal.outbox.launch(journal.outbox.claim(LANE) as OutboxEntry)
    await journal.stop()
    journal = journalAt(folder.journal)
    await journal.start()
    try {
      expect(journal.outbox.depths().find(({ lane }) => isSameLane(lane, LANE))?.lastReason).to.contain(
        'before the outcome was known',
      )
      expect(journal.outbox.claim(LANE)).to.include({ attempts: 1, state: 'claimed' })
    } finally {
      await journal.stop()
      folder.remove()
    }
  })
})
