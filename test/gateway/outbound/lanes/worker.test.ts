import { expect } from 'chai'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { isSameLane, laneOf } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import { LaneWorker, type LaneWorkerOptions } from '#gateway/outbound/lanes/worker.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { journalAt, TemporaryFolder, transition } from '#test/gateway/journal/journal-fixture.js'
import { settle, TestClock } from '#test/support/test-clock.js'
import { told } from '#test/support/told.js'

const LANE = laneOf('alert:doctor')

/** A far end that answers as told, then with `delivered`, and remembers what it was given. */
class FarEnd implements Deliverer {
  readonly given: number[] = []
  readonly signals: AbortSignal[] = []
  readonly answers: (DeliveryOutcome | Promise<DeliveryOutcome>)[] = []

  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<{ outcome: DeliveryOutcome; resources: number }> {
    this.given.push(entry.ref)
    this.signals.push(signal)
    return { outcome: await (this.answers.shift() ?? { class: 'delivered' }), resources: 1 }
  }
}

/** Lets the event loop turn until `done`; the test's own timeout ends a wait for what never comes. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await settle(1)
}

describe('A lane worker', () => {
  let folder: TemporaryFolder
  let clock: TestClock
  let journal: Journal
  let farEnd: FarEnd
  const workers: LaneWorker[] = []
  let queued = 0

  beforeEach(async () => {
    folder = new TemporaryFolder()
    clock = new TestClock()
    journal = journalAt(folder.journal, { clock })
    await journal.start()
    farEnd = new FarEnd()
    queued = 0
  })
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.stop()
    await journal.stop()
    folder.remove()
  })

  /** Retries wait the whole of their ceiling: `random` is as good as 1. */
  async function started(over: Partial<LaneWorkerOptions> = {}): Promise<LaneWorker> {
    const random = () => 0.9999999
    const worker = new LaneWorker({
      lane: LANE,
      journal,
      deliverer: farEnd,
      clock,
      logger: silentLogger,
      random,
      ...over,
    })
    workers.push(worker)
    await worker.start()
    return worker
  }

  async function queue(count: number): Promise<void> {
    for (let index = 0; index < count; index++)
      await journal.commit({ measurements: [], ...told([transition({ raisedAt: ++queued })], ['doctor']) })
  }

  const lane = (which = LANE) => journal.outbox.depths().find((one) => isSameLane(one.lane, which))
  const depth = (which = LANE) => lane(which)?.depth
  const transient: DeliveryOutcome = { class: 'transient', reason: 'no connection' }

  it('delivers what waits when it starts and what is queued later, in order', async () => {
    await queue(3)
    const worker = await started()
    await worker.drained()
    await queue(2)
    await worker.drained()
    expect(farEnd.given).to.deep.equal([1, 2, 3, 4, 5])
    expect(worker.status()).to.deep.equal({ state: 'idle', nextAttemptAt: null })
    expect(depth()).to.equal(0)
    expect(journal.alerts.deliveries(10)).to.have.length(5)
  })

  for (const failure of [transient, { class: 'ambiguous', reason: 'no answer' } as const]) {
    it(`repeats the same entry after a ${failure.class} outcome, each time later, before any other`, async () => {
      farEnd.answers.push(failure, failure, failure)
      const worker = await started()
      await queue(2)
      await until(() => worker.status().state === 'pausing')
      expect(lane()?.lastReason).to.equal(failure.reason)
      for (const wait of [1000, 2000, 4000]) {
        const before = farEnd.given.length
        expect(worker.status().nextAttemptAt).to.equal(clock.now() + wait)
        await clock.advance(wait - 1)
        expect(farEnd.given).to.have.length(before)
        await clock.advance(1)
        await until(() => farEnd.given.length > before && worker.status().state !== 'delivering')
      }
      await worker.drained()
      expect(farEnd.given).to.deep.equal([1, 1, 1, 1, 2])
    })
  }

  it('begins with short delays again once a delivery went through', async () => {
    farEnd.answers.push(transient, { class: 'delivered' }, transient)
    const worker = await started()
    await queue(2)
    await until(() => worker.status().state === 'pausing')
    await clock.advance(1000)
    await until(() => farEnd.given.length === 3 && worker.status().state === 'pausing')
    expect(worker.status().nextAttemptAt).to.equal(clock.now() + 1000)
  })

  it('comes back no sooner than the other end asked', async () => {
    farEnd.answers.push({ ...transient, retryAfterMs: 90_000 })
    const worker = await started()
    await queue(1)
    await until(() => worker.status().state === 'pausing')
    await clock.advance(89_999)
    expect(farEnd.given).to.deep.equal([1])
    await clock.advance(1)
    await worker.drained()
    expect(farEnd.given).to.deep.equal([1, 1])
  })

  it('is not hurried by a new entry while it waits', async () => {
    farEnd.answers.push(transient)
    const worker = await started()
    await queue(1)
    await until(() => worker.status().state === 'pausing')
    await queue(3)
    await settle(10)
    expect(farEnd.given).to.deep.equal([1])
    expect(depth()).to.equal(4)
  })

  it('tries at once when somebody says that the far end is mended', async () => {
    farEnd.answers.push(transient, transient)
    await queue(1)
    const worker = await started()
    await clock.advance(1000)
    expect(farEnd.given).to.have.length(2)
    worker.tryNow()
    await until(() => depth() === 0)
    expect(farEnd.given).to.have.length(3)
  })

  it('leaves out what is refused for good, and goes on at once', async () => {
    farEnd.answers.push({ class: 'permanent', reason: 'HTTP 422' })
    await queue(3)
    const worker = await started()
    await worker.drained()
    expect(farEnd.given).to.deep.equal([1, 2, 3])
    expect(journal.outbox.depths().find(({ lane }) => isSameLane(lane, LANE))).to.include({
      delivered: 2,
      rejected: 1,
      resourcesFailed: 1,
    })
  })

  it('takes a deliverer that throws for an ambiguous outcome', async () => {
    farEnd.answers.push(Promise.reject(new Error('a mistake')))
    await queue(1)
    const worker = await started()
    await until(() => worker.status().state === 'pausing')
    expect(lane()).to.include({ state: 'retrying', lastReason: 'unexpected error' })
    await clock.advance(1000)
    await worker.drained()
    expect(farEnd.given).to.deep.equal([1, 1])
  })

  it('ends the delivery under way when it is stopped, and repeats it when it starts again', async () => {
    let answer: ((outcome: DeliveryOutcome) => void) | undefined
    farEnd.answers.push(new Promise<DeliveryOutcome>((resolve) => (answer = resolve)))
    await queue(1)
    const worker = await started()
    await until(() => farEnd.signals.length === 1)
    expect(worker.status().state).to.equal('delivering')
    farEnd.signals[0]?.addEventListener('abort', () => answer?.({ class: 'ambiguous', reason: 'stopped' }))
    await worker.stop()
    await worker.stop()
    expect(farEnd.signals[0]?.aborted).to.equal(true)
    expect(worker.status().state).to.equal('stopped')
    expect(depth()).to.equal(1)
    await worker.start()
    await worker.start()
    await worker.drained()
    expect(farEnd.given).to.deep.equal([1, 1])
  })

  it('stops, after a grace, even if the deliverer does not heed its signal', async () => {
    farEnd.answers.push(new Promise(() => {}))
    await queue(1)
    const worker = await started()
    await until(() => farEnd.given.length === 1)
    const stopped = worker.stop()
    await clock.advance(5000)
    await stopped
    expect(journal.outbox.depths().find(({ lane }) => isSameLane(lane, LANE))).to.include({ depth: 1 })
  })

  it('stops at once while it waits for a retry', async () => {
    farEnd.answers.push(transient)
    await queue(1)
    const worker = await started()
    await until(() => worker.status().state === 'pausing')
    await worker.stop()
    expect(worker.status()).to.deep.equal({ state: 'stopped', nextAttemptAt: null })
    expect(depth()).to.equal(1)
  })

  it('is not delayed by another lane whose far end hangs', async () => {
    const hanging: Deliverer = { deliver: () => new Promise(() => {}) }
    const stuck = await started({ lane: laneOf('fhir-alert:clinic'), deliverer: hanging })
    const worker = await started()
    await queue(5)
    await worker.drained()
    expect(farEnd.given).to.deep.equal([1, 2, 3, 4, 5])
    expect(stuck.status().state).to.equal('delivering')
    expect(depth(laneOf('fhir-alert:clinic'))).to.equal(15)
    const stopped = stuck.stop()
    await clock.advance(5000)
    await stopped
  })

  it('outlives a disk that refuses to record an outcome, and does not deliver twice for it', async () => {
    let refusals = 2
    const outbox = new Proxy(journal.outbox, {
      get(target, name) {
        if (name === 'settle' && refusals > 0)
          return () => {
            refusals--
            throw new Error('disk full')
          }
        const member = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const worker = await started({ journal: { outbox } })
    await queue(1)
    await until(() => worker.status().state === 'pausing')
    await clock.advance(1000)
    await clock.advance(2000)
    await worker.drained()
    expect(farEnd.given).to.deep.equal([1])
    expect(depth()).to.equal(0)
  })

  describe('drained at shutdown', () => {
    it('delivers all that waits, and says so', async () => {
      const worker = await started()
      await queue(20)
      expect(await worker.drain(10_000)).to.equal(true)
      expect(farEnd.given).to.have.length(20)
    })

    it('tries again at most half a second apart, also where a long wait has begun', async () => {
      farEnd.answers.push({ ...transient, retryAfterMs: 600_000 }, transient, transient)
      const worker = await started()
      await queue(1)
      await until(() => worker.status().state === 'pausing')
      const drained = worker.drain(10_000)
      await until(() => farEnd.given.length === 2 && worker.status().state === 'pausing')
      expect(worker.status().nextAttemptAt).to.equal(clock.now() + 500)
      await clock.advance(500)
      await until(() => farEnd.given.length === 3 && worker.status().state === 'pausing')
      await clock.advance(500)
      expect(await drained).to.equal(true)
      expect(farEnd.given).to.have.length(4)
    })

    it('gives up at its deadline and leaves the rest for the next start', async () => {
      farEnd.answers.push(...Array(10).fill(transient))
      const worker = await started()
      await queue(2)
      const drained = worker.drain(1200)
      await clock.advance(500)
      await clock.advance(500)
      await clock.advance(200)
      expect(await drained).to.equal(false)
      await worker.stop()
      expect(depth()).to.equal(2)
    })

    it('answers at once when the worker is stopped', async () => {
      const worker = await started()
      await worker.stop()
      expect(await worker.drain(1000)).to.equal(true)
      await queue(1)
      expect(await worker.drain(1000)).to.equal(false)
    })
  })
})
