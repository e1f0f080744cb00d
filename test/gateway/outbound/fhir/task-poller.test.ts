import type { Task } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { exerciseOf, taskOf } from '#fhir/task.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { sample } from '#test/fhir/sample-measurements.js'
import { TestClock } from '#test/support/test-clock.js'
import { until } from './alarm-home.js'
import { ActionsInWords, DeliveryHome, transition } from './delivery-home.js'

const POLL_MS = 15_000

/** A FHIR server of which only the answers matter. */
class Answers {
  readonly asked: URL[] = []
  tasks: unknown[] = []
  failing: Response | null = null

  readonly fetch: typeof globalThis.fetch = async (input) => {
    this.asked.push(new URL(String(input)))
    if (this.failing) return this.failing.clone()
    const entry = this.tasks.map((resource) => ({ resource }))
    return new Response(JSON.stringify({ resourceType: 'Bundle', type: 'searchset', entry }))
  }
}

describe('the Task poller', () => {
  const clock = new TestClock()
  let home: DeliveryHome
  let server: Answers
  let actions: ActionsInWords
  let poller: ReturnType<DeliveryHome['poller']>

  beforeEach(async () => {
    home = new DeliveryHome()
    await home.start([sample('pulseRate')])
    server = new Answers()
    actions = new ActionsInWords()
    poller = home.poller('https://care.example/fhir/', actions, clock, server.fetch)
  })
  afterEach(async () => {
    await poller.stop()
    await home.stop()
  })

  const taskWith = (changes: Partial<Task> & { versionId?: string }, of = transition()): Task => {
    const { versionId = '2', ...rest } = changes
    return { ...taskOf([of], home), id: 't-1', meta: { versionId }, ...rest }
  }

  it('asks for the Tasks of open alerts only, twenty at a time', async () => {
    await poller.start()
    await clock.advance(5 * POLL_MS)
    expect(server.asked).to.deep.equal([])
    const ids = Array.from({ length: 45 }, (_, index) => `alert-${index}`)
    await home.alert(
      ...ids.map((alertId) => transition({ alertId })),
      transition({ alertId: 'low-1', priority: 'low' }),
    )
    await home.alert({ ...transition({ alertId: 'alert-7' }), state: 'cleared', at: transition().at + 1 })
    await clock.advance(POLL_MS)
    await until(() => server.asked.length >= 3)
    const identifiers = server.asked.map((url) => url.searchParams.get('identifier')?.split(',') ?? [])
    expect(identifiers.map(({ length }) => length)).to.deep.equal([20, 20, 4])
    expect(identifiers.flat()).to.deep.equal(
      ids.filter((id) => id !== 'alert-7').map((id) => `urn:homebeat:task|${home.home}/${id}`),
    )
    expect(server.asked.map((url) => url.searchParams.get('_count'))).to.deep.equal(['20', '20', '20'])
  })

  it('does nothing about Tasks of other homes and of alerts that are not open', async () => {
    await home.alert(transition())
    const other = transition({ alertId: 'other-1' })
    server.tasks = [
      { ...taskOf([transition()], { ...home, home: 'home-2' }), id: 't-2', status: 'accepted' },
      taskWith({ status: 'rejected' }, other),
      taskWith({ status: 'requested' }),
      taskWith({ status: 'received', versionId: '3' }),
      taskWith({ status: 'cancelled', versionId: '4' }),
    ]
    await poller.start()
    await clock.advance(2 * POLL_MS)
    expect(server.asked).to.have.length(3)
    expect(actions.words).to.deep.equal([])
  })

  it('takes the acceptance of an exercise for an answer', async () => {
    const exercise = transition({ alertId: 'rehearsal-1', condition: 'rehearsal', kind: 'technical' })
    await home.alert(exercise)
    server.tasks = [{ ...exerciseOf(taskWith({}, exercise)), id: 't-1', status: 'accepted' }]
    await poller.start()
    await until(() => actions.words.length > 0)
    expect(actions.words[0]).to.match(/^acknowledge rehearsal-1/)
    expect(actions.actors[0]?.via).to.equal('fhir-task')
  })

  it('does not take what the home wrote for the word of a doctor', async () => {
    const raised = transition()
    await home.alert(raised, { ...raised, state: 'acknowledged', at: raised.at + 1, actor: { by: 'a', via: 'button' } })
    server.tasks = [taskWith({ status: 'accepted' })]
    await poller.start()
    await clock.advance(POLL_MS)
    expect(actions.words).to.deep.equal([])
  })

  it('acts once on a version, and again on the next', async () => {
    await home.alert(transition())
    server.tasks = [taskWith({ status: 'accepted' })]
    await poller.start()
    await until(() => actions.words.length > 0)
    await clock.advance(3 * POLL_MS)
    expect(actions.words).to.have.length(1)
    server.tasks = [taskWith({ status: 'failed', versionId: '3' })]
    await clock.advance(POLL_MS)
    await until(() => actions.words.length > 1)
    await clock.advance(3 * POLL_MS)
    expect(actions.words.map((word) => word.split(' ')[0])).to.deep.equal(['acknowledge', 'escalate'])
    expect(actions.actors.map(({ via, note }) => [via, note])).to.deep.equal([
      ['fhir-task', undefined],
      ['fhir-task', 'Task failed on care'],
    ])
  })

  it('tries again what the home could not do, but not for an alert that is over by now', async () => {
    await home.alert(transition())
    server.tasks = [taskWith({ status: 'accepted' })]
    const errors = [new HomebeatError('journal.write-failed', 'full'), new HomebeatError('alarm.unknown', 'over')]
    let tries = 0
    const failing = {
      acknowledge: async () => {
        tries++
        throw errors.shift() ?? new Error('asked too often')
      },
      escalate: async () => {},
    }
    const other = home.poller('https://care.example/fhir', failing, clock, server.fetch)
    await other.start()
    await clock.advance(0)
    expect(tries).to.equal(1)
    await clock.advance(20 * POLL_MS)
    expect(tries).to.equal(2)
    await other.stop()
  })

  it('asks a server that is away less often, not before it says, and finds out when it is back', async () => {
    await home.alert(transition())
    server.failing = new Response('', { status: 503, headers: { 'Retry-After': '60' } })
    await poller.start()
    await clock.advance(59_000)
    expect(server.asked).to.have.length(1)
    await clock.advance(2000)
    expect(server.asked).to.have.length(2)
    server.failing = null
    server.tasks = [taskWith({ status: 'in-progress' })]
    await clock.advance(120_000)
    await until(() => actions.words.length > 0)
    expect(actions.words).to.deep.equal([`acknowledge ${transition().alertId} by fhir`])
  })

  it('reads no endless answer', async () => {
    await home.alert(transition())
    server.tasks = [taskWith({ status: 'accepted', note: [{ text: 'x'.repeat(1024 * 1024) }] })]
    await poller.start()
    await clock.advance(POLL_MS)
    expect(actions.words).to.deep.equal([])
  })

  it('asks nothing more once stopped, and may be stopped and started twice', async () => {
    await home.alert(transition())
    await poller.start()
    await poller.start()
    await poller.stop()
    await poller.stop()
    const before = server.asked.length
    await clock.advance(10 * POLL_MS)
    expect(server.asked).to.have.length(before)
    expect(before).to.be.at.most(1)
  })
})
