import { expect } from 'chai'
import { CommitGroup, type EncodedCommit } from '#gateway/journal/sqlite/commit.js'
import { encodeMeasurement } from '#gateway/journal/sqlite/measurement-codec.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { codeOf, measurement, transition } from '#test/gateway/journal/journal-fixture.js'
import { settle, TestClock } from '#test/support/test-clock.js'

describe('Group commit', () => {
  let clock: TestClock
  let written: number[]
  let refuse: Error | null
  let group: CommitGroup
  let answered: number

  beforeEach(() => {
    clock = new TestClock()
    written = []
    refuse = null
    answered = 0
    group = new CommitGroup({ maxDelayMs: 50, maxCount: 10 }, clock, (commits) => {
      if (refuse) throw refuse
      written.push(
        commits.reduce((sum, { measurements, transitions }) => sum + measurements.length + transitions.length, 0),
      )
    })
  })

  function give(count: number, over: Partial<EncodedCommit> = {}): Promise<void> {
    const measurements = Array.from({ length: count }, (_, index) => encodeMeasurement(measurement(`m${index}`)))
    const none = { transitions: [], notifications: [], digestItems: [], actions: [], unmapped: [], mapped: [] }
    const done = group.add({ measurements, ...none, ...over })
    done.then(
      () => answered++,
      () => {},
    )
    return done
  }

  it('waits no longer than its delay, counted from the first of the group', async () => {
    give(1)
    await clock.advance(49)
    give(1)
    await settle()
    expect(written).to.deep.equal([])
    expect(answered).to.equal(0)
    await clock.advance(1)
    expect(written).to.deep.equal([2])
    expect(answered).to.equal(2)
    await clock.advance(1000)
    expect(written).to.deep.equal([2])
  })

  it('writes at once when its count is reached, and never a group above it', async () => {
    give(6)
    expect(written).to.deep.equal([])
    give(4)
    expect(written).to.deep.equal([10])
    give(7)
    give(5)
    expect(written).to.deep.equal([10, 7])
    await clock.advance(50)
    expect(written).to.deep.equal([10, 7, 5])
  })

  it('writes one commit above its count whole', () => {
    give(25)
    expect(written).to.deep.equal([25])
  })

  it('writes an alert transition at once, with all that waits', async () => {
    give(3)
    const alert = give(1, { transitions: [transition()] })
    expect(written).to.deep.equal([5])
    await alert
    expect(answered).to.equal(2)
  })

  it('answers an empty commit at once', async () => {
    await give(0)
    expect(written).to.deep.equal([])
  })

  it('tells each caller of a group that was refused, and takes the next', async () => {
    refuse = new HomebeatError('journal.write-failed', 'full', { retry: 'transient' })
    const both = [give(1), give(1)].map((promise) => codeOf(() => promise))
    group.flush()
    expect(await Promise.all(both)).to.deep.equal(['journal.write-failed', 'journal.write-failed'])
    refuse = null
    const next = give(2)
    group.flush()
    await next
    expect(written).to.deep.equal([2])
  })
})
