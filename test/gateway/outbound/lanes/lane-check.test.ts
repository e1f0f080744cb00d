import { expect } from 'chai'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { LaneRoute } from '#gateway/journal/routing.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { type Lane, laneOf } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { alertRoute } from '#gateway/outbound/lanes/configured-lanes.js'
import { LaneCheck } from '#gateway/outbound/lanes/lane-check.js'
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

describe('The check of the lanes', () => {
  let folder: TemporaryFolder
  let clock: TestClock
  let journal: Journal
  let check: LaneCheck

  beforeEach(async () => {
    folder = new TemporaryFolder()
    clock = new TestClock()
    journal = journalAt(folder.journal, { clock })
    await journal.start()
    check = new LaneCheck({ journal, patience: { pushMinutes: 30, anchorMinutes: 120, alertMinutes: 2 } })
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  const later = (minutes: number) => clock.setWall(clock.now() + minutes * MINUTE)
  const conditions = (): readonly SystemCondition[] => check.check(clock.now())
  const present = () => conditions().flatMap(({ condition, present }) => (present ? [condition] : []))

  async function closeBatch(): Promise<void> {
    const number = (journal.batches.last()?.number ?? 0) + 1
    await journal.commit({ measurements: [measurement(`m-${number}`)], transitions: [] })
    journal.batches.close(nextBatch(journal))
  }

  function settle(lane: Lane, outcome: DeliveryOutcome = { class: 'delivered' }): void {
    const entry = journal.outbox.claim(lane) as OutboxEntry
    journal.outbox.launch(entry)
    journal.outbox.settle(entry, outcome, 1)
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
    settle(laneOf('fhir:archive'))
    later(30)
    expect(present()).to.deep.equal([])
    later(1)
    expect(present()).to.deep.equal(['push-failing-clinic'])
    later(90)
    expect(present()).to.have.members(['push-failing-clinic', 'anchor-overdue'])
    settle(laneOf('fhir:clinic'))
    settle(laneOf('anchor:consortium'))
    later(1)
    expect(present()).to.deep.equal([])
  })

  it('does not call a backlog that moves a failure', async () => {
    for (let i = 0; i < 3; i++) await closeBatch()
    settle(laneOf('fhir:archive'))
    later(40)
    expect(present()).to.have.members(['push-failing-clinic', 'push-failing-archive'])
    settle(laneOf('fhir:clinic'))
    later(1)
    expect(present()).to.deep.equal(['push-failing-archive'])
    later(31)
    expect(present()).to.have.members(['push-failing-clinic', 'push-failing-archive'])
  })

  it('tells of what was refused for good, until somebody has seen to it', async () => {
    await closeBatch()
    settle(laneOf('fhir:clinic'), REFUSED)
    settle(laneOf('anchor:consortium'), REFUSED)
    later(1)
    expect(present()).to.have.members(['push-refused-clinic', 'anchor-refused'])
    const [entry] = journal.queue.list(laneOf('fhir:clinic'), 'rejected', 1)
    journal.queue.drop(entry?.id as number, 'anna', 'known', { waiting: false, undeliveredAlert: false })
    later(1)
    expect(present()).to.deep.equal(['anchor-refused'])
  })

  it('speaks once of a FHIR server, whether it is records or alerts that it does not take', async () => {
    await journal.commit({ measurements: [], transitions: [transition()] })
    later(31)
    expect(present()).to.deep.equal(['push-failing-clinic'])
    settle(laneOf('fhir-alert:clinic'), REFUSED)
    later(1)
    expect(present()).to.deep.equal(['push-refused-clinic'])
    expect(conditions().filter(({ condition }) => condition === 'push-failing-clinic')).to.have.length(1)
  })

  it('tells that the doctor was not told: an alert that waits, or was refused for good', async () => {
    await journal.commit({ measurements: [], ...told([transition()]) })
    settle(laneOf('alert:terminal'))
    later(2)
    expect(present()).to.deep.equal([])
    later(1)
    expect(present()).to.deep.equal(['alert-undelivered-doctor'])
    settle(laneOf('alert:doctor'), REFUSED)
    later(1)
    expect(present()).to.deep.equal(['alert-undelivered-doctor'])
    journal.queue.retry(journal.queue.rejected(laneOf('alert:doctor')), 'anna')
    settle(laneOf('alert:doctor'))
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
        while (journal.outbox.claim(laneOf('fhir-alert:clinic'))) settle(laneOf('fhir-alert:clinic'))
        while (journal.outbox.claim(laneOf('alert:terminal'))) settle(laneOf('alert:terminal'))
        while (journal.outbox.claim(laneOf('alert:doctor'))) settle(laneOf('alert:doctor'), REFUSED)
      }
    }
    await journal.commit({ measurements: [], ...told([transition()]) })
    await run(30)
    expect(raised).to.deep.equal(['alert-undelivered-doctor active'])
    for (const id of journal.queue.rejected(laneOf('alert:doctor')))
      journal.queue.drop(id, 'anna', 'called the doctor', { waiting: false, undeliveredAlert: true })
    await run(30)
    expect(raised).to.deep.equal(['alert-undelivered-doctor active', 'alert-undelivered-doctor cleared'])
  })

  it('keeps what it knew, and the tick alive, while the journal cannot be read', async () => {
    await closeBatch()
    settle(laneOf('fhir:clinic'), REFUSED)
    later(1)
    expect(present()).to.deep.equal(['push-refused-clinic'])
    await journal.stop()
    later(1)
    expect(present()).to.deep.equal(['push-refused-clinic'])
  })

  const alertOf = (condition: string) => transition({ condition, kind: 'technical', raisedAt: clock.now() })

  async function reopen(...lanes: LaneRoute[]): Promise<void> {
    await journal.stop()
    journal = journalAt(folder.journal, { clock, lanes })
    await journal.start()
    check = new LaneCheck({ journal, patience: { pushMinutes: 30, anchorMinutes: 120, alertMinutes: 2 } })
  }

  /** What a gateway of this journal raises and ends in a minute from now. */
  function aMinute(active: readonly AlertTransition[] = []): string[] {
    const pipeline = new Pipeline({ patient: 'p', limits: defaultLimits, active })
    return Array.from({ length: 60 }).flatMap(() => {
      later(1 / 60)
      return pipeline.tick(clock.now(), conditions()).transitions.map(({ condition, state }) => `${condition} ${state}`)
    })
  }

  it('tells a contact of a channel from a channel whose name reads the same', async () => {
    await reopen(alertRoute({ channel: 'sms', contact: 'nurse-1' }), alertRoute({ channel: 'sms-nurse-1' }))
    await journal.commit({ measurements: [], ...told([transition()], [{ channel: 'sms', contact: 'nurse-1' }]) })
    later(3)
    expect(aMinute()).to.deep.equal(['alert-undelivered-sms.nurse-1 active'])
  })

  it('ends an alert of an earlier version under its name of before, and raises it anew', async () => {
    await reopen(alertRoute({ channel: 'sms', contact: 'nurse-1' }))
    const before = alertOf('alert-undelivered-sms-nurse-1')
    expect(aMinute([before])).to.deep.equal(['alert-undelivered-sms-nurse-1 cleared'])
    await journal.commit({ measurements: [], ...told([transition()], [{ channel: 'sms', contact: 'nurse-1' }]) })
    later(3)
    expect(aMinute([before])).to.have.members([
      'alert-undelivered-sms-nurse-1 cleared',
      'alert-undelivered-sms.nurse-1 active',
    ])
  })

  it('leaves an alert of before to the channel that still has its name', async () => {
    await reopen(alertRoute({ channel: 'sms', contact: 'nurse-1' }), alertRoute({ channel: 'sms-nurse-1' }))
    await journal.commit({ measurements: [], ...told([transition()], [{ channel: 'sms-nurse-1' }]) })
    later(3)
    expect(aMinute([alertOf('alert-undelivered-sms-nurse-1')])).to.deep.equal([])
  })

  it('ends what was raised about a lane that the configuration no longer has', async () => {
    const open = ['push-failing-clinic', 'push-refused-clinic', 'alert-undelivered-doctor'].map(alertOf)
    await reopen(alertRoute({ channel: 'terminal' }))
    expect(aMinute(open)).to.have.members(open.map(({ condition }) => `${condition} cleared`))
  })

  it('does not count an alert about an alert that was not told, whichever name it has', async () => {
    const nurse = { channel: 'sms', contact: 'nurse-1' }
    await reopen(alertRoute(nurse), alertRoute({ channel: 'doctor' }))
    for (const name of ['alert-undelivered-sms-nurse-1', 'alert-undelivered-sms.nurse-1'])
      await journal.commit({ measurements: [], ...told([alertOf(name)], [{ channel: 'doctor' }]) })
    later(3)
    expect(present()).to.deep.equal([])
    await journal.commit({ measurements: [], ...told([alertOf('alert-undelivered')], [{ channel: 'doctor' }]) })
    later(3)
    expect(present()).to.deep.equal(['alert-undelivered-doctor'])
  })
})
