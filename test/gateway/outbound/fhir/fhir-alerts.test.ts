import type { Bundle, CommunicationRequest, DetectedIssue, Task } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { laneOf } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { sample } from '#test/fhir/sample-measurements.js'
import { DeliveryHome, putByDoctor, transition } from './delivery-home.js'

describe('what a clear target gets about alerts', () => {
  const server = new FhirServerSimulator({ port: 0 })
  const never = new AbortController().signal
  let home: DeliveryHome
  const raised = transition()
  const actor = { by: 'doctor-1', via: 'link' } as const
  const acknowledged = { ...raised, state: 'acknowledged', at: raised.at + 1000, actor } as const
  const cleared = { ...raised, state: 'cleared', at: raised.at + 2000 } as const

  beforeEach(async function () {
    this.timeout(60_000)
    await server.start()
    home = new DeliveryHome()
    await home.start([sample('pulseRate')])
    home.owed(laneOf('fhir-alert:care'))
  })
  afterEach(async () => {
    server.faults.clear()
    await home.stop()
    await server.stop()
  })

  const read = async <T>(type: string): Promise<T[]> => {
    const response = await fetch(`${server.url}/${type}`)
    return (((await response.json()) as Bundle).entry ?? []).map(({ resource }) => resource as T)
  }
  const theTask = async () => {
    const [task, ...others] = await read<Task>('Task')
    if (!task || others.length > 0) throw new Error(`${others.length} Tasks`)
    return task
  }
  const deliverAll = async (target: object = {}, fetch?: typeof globalThis.fetch): Promise<DeliveryOutcome[]> => {
    const deliverer = home.deliverer({ url: server.url, ...target }, fetch)
    const outcomes: DeliveryOutcome[] = []
    for (const entry of home.owed(laneOf('fhir-alert:care')))
      outcomes.push((await deliverer.deliver(entry, never)).outcome)
    return outcomes
  }
  const classes = (outcomes: DeliveryOutcome[]) => outcomes.map((outcome) => outcome.class)

  it('is each thing once and as it stands now, however often and late its entries are repeated', async () => {
    await home.alert(raised, acknowledged, cleared)
    const entries = home.owed(laneOf('fhir-alert:care'))
    const deliverer = home.deliverer({ url: server.url })
    const versions = new Set<string | undefined>()
    for (const entry of [...entries, ...entries.toReversed(), ...entries]) {
      expect((await deliverer.deliver(entry, never)).outcome.class, entry.kind).to.equal('delivered')
      expect((await read<DetectedIssue>('DetectedIssue')).map(({ status }) => status)).to.deep.equal(['final'])
      const task = await theTask()
      expect(task.status).to.equal('completed')
      versions.add(task.meta?.versionId)
    }
    // Written once: nobody is shown a change where there was none.
    expect(versions.size).to.equal(1)
    expect(server.repository.count('Communication')).to.equal(3)
    const requests = await read<CommunicationRequest>('CommunicationRequest')
    expect(requests.map(({ status }) => status)).to.deep.equal(['completed', 'completed', 'completed'])
  })

  it('names evidence that leads to the Observation once the server has it, and its Task to the alert', async () => {
    const causing = { ...raised, measurement: home.batch.leaves[0]?.identifier ?? '' }
    await home.alert(causing)
    await deliverAll()
    const [before] = await read<DetectedIssue>('DetectedIssue')
    expect(before?.implicated?.[0]?.identifier?.value).to.equal(causing.measurement)
    const deliverer = home.deliverer({ url: server.url })
    const batch = { id: 1, lane: laneOf('fhir:care'), kind: 'batch', ref: 1, state: 'claimed', attempts: 0 } as const
    expect((await deliverer.deliver({ ...batch, createdAt: 0 }, never)).outcome.class).to.equal('delivered')
    await home.alert({ ...causing, state: 'cleared', at: raised.at + 2000 })
    await deliverAll()
    const [issue] = await read<DetectedIssue>('DetectedIssue')
    const answer = await fetch(`${server.url}/${issue?.evidence?.[0]?.detail?.[0]?.reference}`)
    expect(await answer.json()).to.have.nested.property('identifier[0].value', causing.measurement)
    expect(issue?.implicated?.[0]?.reference).to.equal(issue?.evidence?.[0]?.detail?.[0]?.reference)
    expect((await theTask()).focus?.reference).to.equal(`DetectedIssue/${issue?.id}`)
    expect(issue?.code?.coding?.[0]?.display).to.equal('Low oxygen saturation')
  })

  it('is each thing once where the connection is cut at every step', async () => {
    await home.alert(raised)
    await deliverAll()
    await home.alert(acknowledged)
    for (const entry of home.owed(laneOf('fhir-alert:care'))) {
      // The transaction, the search and the update of the Task in turn.
      for (let step = 0; step < 3; step++) {
        server.faults.clear()
        const passed = step
        let asked = 0
        const cutting: typeof fetch = (input, init) => {
          if (asked++ === passed) server.faults.next(1, { type: 'cut' })
          return fetch(input, init)
        }
        await home.deliverer({ url: server.url }, cutting).deliver(entry, never)
      }
      server.faults.clear()
      expect((await home.deliverer({ url: server.url }).deliver(entry, never)).outcome.class).to.equal('delivered')
    }
    expect((await theTask()).status).to.equal('accepted')
    const counts = ['DetectedIssue', 'Task', 'CommunicationRequest', 'Communication'].map((type) =>
      server.repository.count(type),
    )
    expect(counts).to.deep.equal([1, 1, 2, 2])
  })

  it('shows a message as owed until its channel has taken it', async () => {
    await home.journal.commit({
      measurements: [],
      transitions: [raised],
      notifications: [
        {
          key: 'k-1',
          alertId: raised.alertId,
          reason: 'raised',
          channel: 'doctor',
          contact: 'doctor-1',
          at: raised.at,
        },
      ],
    })
    await deliverAll()
    const [request] = await read<CommunicationRequest>('CommunicationRequest')
    expect(request?.status).to.equal('active')
    expect(request?.recipient?.[0]?.display).to.equal('doctor-1')
    expect(server.repository.count('Communication')).to.equal(0)
  })

  it('does not write over what a doctor writes between our reading and our writing', async () => {
    await home.alert(raised)
    await deliverAll()
    let changed = 0
    const meddling: typeof globalThis.fetch = async (input, init) => {
      if (init?.method === 'PUT' && /\/Task\//.test(String(input)) && changed++ === 0)
        expect(await putByDoctor(server.url, { ...(await theTask()), status: 'in-progress' })).to.equal(200)
      return fetch(input, init)
    }
    await home.alert(acknowledged)
    expect(new Set(classes(await deliverAll({}, meddling)))).to.deep.equal(new Set(['delivered']))
    expect(changed).to.equal(1)
    expect((await theTask()).status).to.equal('in-progress')
  })

  it('tries a Task again later that never holds still', async () => {
    await home.alert(raised)
    await deliverAll()
    const busy: typeof globalThis.fetch = async (input, init) => {
      if (init?.method === 'PUT') await putByDoctor(server.url, await nextNote())
      return fetch(input, init)
    }
    const nextNote = async () => {
      const task = await theTask()
      return { ...task, note: [...(task.note ?? []), { text: 'still here' }] }
    }
    await home.alert(acknowledged)
    const [outcome] = await deliverAll({}, busy)
    expect(outcome).to.deep.equal({ class: 'transient', reason: 'the Task is being changed by somebody else' })
  })

  it('has nothing of an exercise but its Task, about no patient, marked as a test, and that can be accepted', async () => {
    const exercise = {
      ...raised,
      alertId: `rehearsal-${raised.raisedAt}`,
      condition: 'rehearsal',
      kind: 'technical',
    } as const
    await home.alert(exercise)
    home.journal.outbox.queueFlags([exercise.alertId])
    expect(classes(await deliverAll())).to.deep.equal(['delivered', 'delivered', 'delivered', 'delivered'])
    const task = await theTask()
    expect(task).to.deep.include({ status: 'requested', priority: 'stat' })
    expect(task).not.to.have.any.keys('for', 'focus')
    expect(task.meta?.security).to.deep.include({
      ...{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST', display: 'test health data' },
    })
    expect(task.description).to.match(/^EXERCISE, nothing has happened/)
    await home.alert({ ...exercise, state: 'acknowledged', at: raised.at + 1000, actor })
    await home.alert({ ...exercise, state: 'cleared', at: raised.at + 2000 })
    await deliverAll()
    expect(await theTask()).to.deep.include({ status: 'completed' })
    for (const type of ['DetectedIssue', 'Flag', 'CommunicationRequest', 'Communication'])
      expect(server.repository.count(type), type).to.equal(0)
    await home.alert({ ...exercise, alertId: 'rehearsal-2', state: 'active' })
    await deliverAll({ tasks: false })
    expect(server.repository.count('Task')).to.equal(1)
  })

  it('is no Task where none are wanted, or the priority is low', async () => {
    await home.alert(raised)
    await deliverAll({ tasks: false })
    await home.alert(transition({ alertId: 'probe-off-ecg-1', condition: 'probe-off-ecg', priority: 'low' }))
    await deliverAll()
    expect(server.repository.count('DetectedIssue')).to.equal(2)
    expect(server.repository.count('Task')).to.equal(0)
  })

  it('is the alert all the same where the server takes no Tasks, and the lane goes on', async () => {
    const forbidding = (forbidden: RegExp): typeof fetch => {
      return async (input, init) => {
        const asked = `${init?.method} ${input} ${init?.body ?? ''}`
        return forbidden.test(asked)
          ? new Response('{"resourceType":"OperationOutcome"}', { status: 403 })
          : fetch(input, init)
      }
    }
    await home.alert(raised)
    const outcomes = await deliverAll({}, forbidding(/GET .*\/Task\?|"resourceType":"Communication/))
    expect(new Set(classes(outcomes))).to.deep.equal(new Set(['permanent']))
    expect(outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : ''))).to.deep.equal([
      'the DetectedIssue was taken, but HTTP 403: Task may not be read and written here',
      'HTTP 403: CommunicationRequest may not be read and written here',
      'HTTP 403: Communication may not be read and written here',
    ])
    expect(server.repository.count('DetectedIssue')).to.equal(1)
  })

  it('waits where the server is away, whichever part it failed in', async () => {
    await home.alert(raised, acknowledged)
    for (const failing of [/"resourceType":"DetectedIssue"/, /\/Task\?/, /"resourceType":"Task"/]) {
      const broken: typeof fetch = async (input, init) =>
        failing.test(`${input} ${init?.body ?? ''}`) ? new Response('busy', { status: 503 }) : fetch(input, init)
      const deliverer = home.deliverer({ url: server.url }, broken)
      const { outcome } = await deliverer.deliver(
        { id: 1, lane: laneOf('fhir-alert:care'), kind: 'alert', ref: 2, state: 'claimed', attempts: 0, createdAt: 0 },
        never,
      )
      expect(outcome.class, String(failing)).to.equal('transient')
    }
    await deliverAll()
    expect((await theTask()).status).to.equal('accepted')
  })

  it('is the alert all the same where the server knows nothing of Tasks', async () => {
    for (const status of [404, 405, 501]) {
      const ignorant: typeof fetch = async (input, init) =>
        /\/Task\?/.test(String(input)) ? new Response('no such thing', { status }) : fetch(input, init)
      await home.alert(transition({ alertId: `fast-pulse-${status}`, condition: 'fast-pulse' }))
      expect(classes(await deliverAll({}, ignorant)), String(status)).to.deep.equal([
        'permanent',
        'delivered',
        'delivered',
      ])
    }
    expect(server.repository.count('DetectedIssue')).to.equal(3)
  })

  it('is a Task again where somebody has deleted it', async () => {
    await home.alert(raised)
    await deliverAll()
    let deleted = 0
    const deleting: typeof fetch = async (input, init) => {
      if (init?.method === 'PUT' && /\/Task\//.test(String(input)) && deleted++ === 0)
        await server.repository.deleteResource('Task', (await theTask()).id ?? '')
      return fetch(input, init)
    }
    await home.alert(acknowledged)
    expect(new Set(classes(await deliverAll({}, deleting)))).to.deep.equal(new Set(['delivered']))
    expect((await theTask()).status).to.equal('accepted')
  })

  it('is nothing at all for a sealed target', async () => {
    await home.alert(raised, acknowledged, cleared)
    home.journal.outbox.queueFlags([raised.alertId])
    await home.refused(transition({ alertId: 'probe-off-ecg-1', condition: 'probe-off-ecg' }))
    const before = server.requests
    const outcomes = await deliverAll({ mode: 'sealed' })
    expect(outcomes.length).to.be.above(8)
    expect(new Set(classes(outcomes))).to.deep.equal(new Set(['permanent']))
    expect(server.requests).to.equal(before)
  })

  it('still takes deliveries of a journal from before there were notifications', async () => {
    const old = { id: 5, transition: raised, channel: 'doctor', reason: 'raised', deliveredAt: raised.at + 5 } as const
    Object.defineProperty(home.journal.alerts, 'delivery', { value: () => old })
    const deliverer = home.deliverer({ url: server.url })
    const entry = {
      id: 1,
      lane: laneOf('fhir-alert:care'),
      kind: 'communication',
      ref: 5,
      state: 'claimed',
      attempts: 0,
    } as const
    expect((await deliverer.deliver({ ...entry, createdAt: 0 }, never)).outcome.class).to.equal('delivered')
    const [communication] = await read<{ identifier: { value: string }[]; basedOn?: unknown }>('Communication')
    expect(communication?.identifier[0]?.value).to.equal(`home-1/${raised.alertId}/active/doctor`)
    expect(communication?.basedOn).to.equal(undefined)
  })
})
