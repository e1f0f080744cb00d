import type { DetectedIssue, Flag, Task } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { laneKey } from '#gateway/model/lane.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { AlarmHome, until } from './alarm-home.js'
import { putByDoctor } from './delivery-home.js'

const MINUTE = 60_000
const POLL_MS = 15_000

describe('an alert, its Task, and the doctor on the FHIR server', () => {
  const server = new FhirServerSimulator({ port: 0 })
  let home: AlarmHome

  beforeEach(async function () {
    this.timeout(60_000)
    await server.start()
    home = new AlarmHome(server)
    await home.start()
  })
  afterEach(async () => {
    server.faults.clear()
    await home.stop()
    home.remove()
    await server.stop()
  })

  const theTask = async (): Promise<Task> => {
    const [task, ...others] = await home.read<Task>('Task')
    if (!task || others.length > 0) throw new Error(`${others.length} Tasks`)
    return task
  }
  const write = async (changes: Partial<Task>) =>
    expect(await putByDoctor(server.url, { ...(await theTask()), ...changes })).to.equal(200)
  const actions = () =>
    home.journal.alarmActions.latest(100).map(({ action, actor: { by, via, note } }) => [action, by, via, note])

  it('goes there and back: accepted on the server, acknowledged at home, told to everybody who asks', async function () {
    this.timeout(20_000)
    expect(await home.tick()).to.deep.equal(['raised nurse-1'])
    await home.delivered()
    expect(await theTask()).to.include({ status: 'requested', priority: 'stat', intent: 'order' })
    await home.clock.advance(5 * MINUTE)
    expect(await home.tick()).to.deep.equal(['reminder nurse-1'])

    const owner = { identifier: { system: 'urn:example:staff', value: 'gray' }, display: 'Meredith Gray' }
    await write({ status: 'accepted', owner, note: [{ text: 'I call her' }] })
    await home.clock.advance(POLL_MS)
    await until(() => home.journal.alerts.active()[0]?.state === 'acknowledged')
    expect(actions()).to.deep.equal([['acknowledge', 'gray', 'fhir-task', 'I call her']])
    await home.clock.advance(5 * MINUTE)
    expect(await home.tick()).to.deep.equal([])

    await home.delivered()
    const [issue] = await home.read<DetectedIssue>('DetectedIssue')
    expect(issue?.status).to.equal('preliminary')
    expect(issue?.mitigation?.map(({ author }) => author?.identifier?.value)).to.deep.equal(['home-1/gray'])
    expect(await theTask()).to.deep.include({ status: 'accepted', owner, note: [{ text: 'I call her' }] })
    expect(JSON.stringify(issue)).to.not.include('Meredith')

    home.condition = { ...home.condition, present: false }
    await home.tick()
    await home.delivered()
    expect(await theTask()).to.deep.include({ status: 'completed', owner })
  })

  it('tells the next person once when the doctor rejects, also after a restart', async function () {
    this.timeout(20_000)
    await home.tick()
    await home.delivered()
    await write({ status: 'rejected' })
    await home.clock.advance(POLL_MS)
    await until(() => actions().length > 0)
    expect(actions()).to.deep.equal([['escalate', 'fhir', 'fhir-task', 'Task rejected on care']])
    const { alertId } = home.journal.alerts.active()[0] ?? { alertId: '' }
    const told = () => home.journal.notifications.ofAlert(alertId).map(({ reason, contact }) => `${reason} ${contact}`)
    expect(told()).to.deep.equal(['raised nurse-1', 'escalated doctor-1'])

    await home.delivered()
    await home.stop()
    const before = server.requests
    await home.start()
    // The second look begins when the first has done what it had to do.
    while (server.requests < before + 2) await home.clock.advance(POLL_MS)
    expect(actions()).to.have.length(1)
    expect((await theTask()).status).to.equal('rejected')
  })

  it('acknowledges what was completed there, with a word about it', async function () {
    this.timeout(20_000)
    await home.tick()
    await home.delivered()
    await write({ status: 'completed', owner: { display: 'Meredith Gray' } })
    await home.clock.advance(POLL_MS)
    await until(() => actions().length > 0)
    expect(actions()).to.deep.equal([['acknowledge', 'fhir', 'fhir-task', 'Task completed on care']])
  })

  it('alarms while the server is away, and tells it everything once it is back', async function () {
    this.timeout(20_000)
    server.faults.next(3, { type: 'status', status: 503, retryAfterSeconds: 40 })
    expect(await home.tick()).to.deep.equal(['raised nurse-1'])
    await until(
      () =>
        (home.journal.outbox.depths().find(({ lane }) => laneKey(lane) === 'fhir-alert:care')?.lastReason ?? null) !==
        null,
    )
    await home.actions.acknowledge('all', { by: 'nurse-1', via: 'button' })
    server.faults.clear()
    await home.clock.advance(MINUTE)
    await home.delivered()
    expect(await theTask()).to.deep.include({
      status: 'accepted',
      owner: { identifier: { system: 'urn:homebeat:contact', value: 'home-1/nurse-1' }, display: 'nurse-1' },
    })
    const issues = await home.read<DetectedIssue>('DetectedIssue')
    expect(issues.map(({ mitigation }) => mitigation?.length)).to.deep.equal([1])
  })

  it('leaves a Task cancelled when the alert clears before anybody has seen it', async () => {
    await home.tick()
    await home.delivered()
    home.condition = { ...home.condition, present: false }
    await home.tick()
    await home.delivered()
    expect(await theTask()).to.include({ status: 'cancelled' })
    expect(actions()).to.deep.equal([])
  })

  it('asks the server nothing while no alert has a Task', async () => {
    home.condition = { ...home.condition, condition: 'disk-low', priority: 'low' }
    await home.tick()
    await home.delivered()
    expect(await home.read<Task>('Task')).to.deep.equal([])
    const before = server.requests
    await home.clock.advance(10 * POLL_MS)
    expect(server.requests).to.equal(before)
  })

  it('flags at once what spoils the record, and what else stands after half an hour, until it is over', async function () {
    this.timeout(20_000)
    await home.tick()
    await home.clock.advance(POLL_MS)
    await home.delivered()
    const flags = async () => (await home.read<Flag>('Flag')).map(({ code, status }) => `${code.text} ${status}`)
    expect(await flags()).to.deep.equal(['journal-damaged active'])
    home.condition = { ...home.condition, present: false }
    await home.tick()
    await home.delivered()
    expect(await flags()).to.deep.equal(['journal-damaged inactive'])

    home.condition = { condition: 'disk-low', priority: 'low', delayMs: 0, present: true }
    await home.tick()
    await home.clock.advance(29 * MINUTE)
    await home.delivered()
    expect(await flags()).to.have.length(1)
    await home.clock.advance(2 * MINUTE)
    await home.delivered()
    expect(await flags()).to.deep.equal(['journal-damaged inactive', 'disk-low active'])
    const [, standing] = await home.read<Flag>('Flag')
    expect(standing?.period?.end).to.equal(undefined)
    home.condition = { ...home.condition, present: false }
    await home.tick()
    await home.delivered()
    expect(await flags()).to.deep.equal(['journal-damaged inactive', 'disk-low inactive'])
  })
})
