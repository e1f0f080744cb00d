import { expect } from 'chai'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import type { OutboxEntry } from '#gateway/journal/api/journal.js'
import type { SqliteJournal } from '#gateway/journal/sqlite/sqlite-journal.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { LaneWatcher } from '#gateway/outbound/lanes/lane-watcher.js'
import {
  journalAt,
  measurement,
  nextBatch,
  TemporaryFolder,
  transition,
} from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'
import { told } from '#test/support/told.js'

const MINUTE = 60_000
const REFUSED: DeliveryOutcome = { class: 'permanent', reason: 'HTTP 404' }

describe('The lane watcher', () => {
  let folder: TemporaryFolder
  let clock: TestClock
  let journal: SqliteJournal
  let watcher: LaneWatcher

  beforeEach(async () => {
    folder = new TemporaryFolder()
    clock = new TestClock()
    journal = journalAt(folder.journal, { clock })
    await journal.start()
    watcher = new LaneWatcher({ journal, patience: { pushMinutes: 30, anchorMinutes: 120, alertMinutes: 2 } })
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  const later = (minutes: number) => clock.setWall(clock.now() + minutes * MINUTE)
  const conditions = (): readonly SystemCondition[] => watcher.check(clock.now())
  const present = () => conditions().flatMap(({ condition, present }) => (present ? [condition] : []))

  async function closeBatch(): Promise<void> {
    const number = (journal.lastBatch()?.number ?? 0) + 1
    await journal.commit({ measurements: [measurement(`m-${number}`)], transitions: [] })
    journal.closeBatch(nextBatch(journal))
  }

  function settle(lane: string, outcome: DeliveryOutcome = { class: 'delivered' }): void {
    const entry = journal.claim(lane) as OutboxEntry
    journal.launch(entry)
    journal.settle(entry, outcome, 1)
  }

  it('says of each lane what it may say, so that alerts can end', () => {
    expect(conditions().map(({ condition, priority }) => `${condition} ${priority}`)).to.have.members([
      ...['push-failing-clinic medium', 'push-refused-clinic low', 'push-failing-archive medium'],
      ...['push-refused-archive low', 'anchor-overdue low', 'anchor-refused medium'],
      ...['alert-undelivered-terminal high', 'alert-undelivered-doctor high'],
    ])
    expect(present()).to.deep.equal([])
  })

  it('tells of a push that fails for half an hour and of an anchor that is two hours late', async () => {
    await closeBatch()
    settle('fhir:archive')
    later(30)
    expect(present()).to.deep.equal([])
    later(1)
    expect(present()).to.deep.equal(['push-failing-clinic'])
    later(90)
    expect(present()).to.have.members(['push-failing-clinic', 'anchor-overdue'])
    settle('fhir:clinic')
    settle('anchor:consortium')
    later(1)
    expect(present()).to.deep.equal([])
  })

  it('does not call a backlog that moves a failure', async () => {
    for (let i = 0; i < 3; i++) await closeBatch()
    settle('fhir:archive')
    later(40)
    expect(present()).to.have.members(['push-failing-clinic', 'push-failing-archive'])
    settle('fhir:clinic')
    later(1)
    expect(present()).to.deep.equal(['push-failing-archive'])
    later(31)
    expect(present()).to.have.members(['push-failing-clinic', 'push-failing-archive'])
  })

  it('tells of what was refused for good, until somebody has seen to it', async () => {
    await closeBatch()
    settle('fhir:clinic', REFUSED)
    settle('anchor:consortium', REFUSED)
    later(1)
    expect(present()).to.have.members(['push-refused-clinic', 'anchor-refused'])
    const [entry] = journal.queue.list('fhir:clinic', 'rejected', 1)
    journal.queue.drop(entry?.id as number, 'anna', 'known', { waiting: false, undeliveredAlert: false })
    later(1)
    expect(present()).to.deep.equal(['anchor-refused'])
  })

  it('tells that the doctor was not told: an alert that waits, or was refused for good', async () => {
    await journal.commit({ measurements: [], ...told([transition()]) })
    settle('alert:terminal')
    later(2)
    expect(present()).to.deep.equal([])
    later(1)
    expect(present()).to.deep.equal(['alert-undelivered-doctor'])
    settle('alert:doctor', REFUSED)
    later(1)
    expect(present()).to.deep.equal(['alert-undelivered-doctor'])
    journal.queue.retry(journal.queue.rejected('alert:doctor'), 'anna')
    settle('alert:doctor')
    later(1)
    expect(present()).to.deep.equal([])
  })

  it('raises one alert for a channel that takes nothing, and none about that alert', async () => {
    const pipeline = new Pipeline({ patient: 'p-1', limits: [], active: [] })
    const raised: string[] = []
    const tick = async () => {
      const { transitions } = pipeline.tick(clock.now(), conditions())
      for (const { condition, state } of transitions) raised.push(`${condition} ${state}`)
      await journal.commit({ measurements: [], transitions })
    }
    const run = async (minutes: number) => {
      for (let i = 0; i < minutes * 6; i++) {
        later(1 / 6)
        await tick()
        // The others take everything; the doctor's webhook refuses everything for good.
        while (journal.claim('fhir:clinic')) settle('fhir:clinic')
        while (journal.claim('alert:terminal')) settle('alert:terminal')
        while (journal.claim('alert:doctor')) settle('alert:doctor', REFUSED)
      }
    }
    await journal.commit({ measurements: [], ...told([transition()]) })
    await run(30)
    expect(raised).to.deep.equal(['alert-undelivered-doctor active'])
    for (const id of journal.queue.rejected('alert:doctor'))
      journal.queue.drop(id, 'anna', 'called the doctor', { waiting: false, undeliveredAlert: true })
    await run(30)
    expect(raised).to.deep.equal(['alert-undelivered-doctor active', 'alert-undelivered-doctor cleared'])
  })

  it('keeps what it knew, and the tick alive, while the journal cannot be read', async () => {
    await closeBatch()
    settle('fhir:clinic', REFUSED)
    later(1)
    expect(present()).to.deep.equal(['push-refused-clinic'])
    await journal.stop()
    later(1)
    expect(present()).to.deep.equal(['push-refused-clinic'])
  })

  it('tells a contact of a channel from a channel whose name reads the same', () => {
    const depth = (lane: string) => ({
      ...{ lane, depth: 1, oldestAt: 1, delivered: 0, rejected: 0, resourcesAccepted: 0, resourcesFailed: 0 },
    })
    const untold: Record<string, number | null> = { 'alert:sms-nurse-1': null, 'alert:sms/nurse-1': 1 }
    const journal = {
      depths: () => Object.keys(untold).map(depth),
      oldestUntold: (name: string) => untold[name] ?? null,
    } as never
    const lanes = new LaneWatcher({ journal, patience: { pushMinutes: 30, anchorMinutes: 120, alertMinutes: 2 } })
    const pipeline = new Pipeline({ patient: 'p', limits: defaultLimits, active: [] })
    const raised: string[] = []
    for (let s = 0; s < 60; s++) {
      const now = 1_000_000 + s * 1000
      raised.push(...pipeline.tick(now, lanes.check(now)).transitions.map(({ condition }) => condition))
    }
    expect(raised).to.deep.equal(['alert-undelivered-sms.nurse-1'])
  })
})
