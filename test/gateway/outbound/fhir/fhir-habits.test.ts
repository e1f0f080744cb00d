import { randomBytes } from 'node:crypto'
import type { Bundle, DetectedIssue, Observation, Resource, Task } from '@medplum/fhirtypes'
import { expect } from 'chai'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { laneOf } from '#gateway/model/lane.js'
import type { FhirDeliverer } from '#gateway/outbound/fhir/fhir-deliverer.js'
import type { Habits } from '#simulators/fhir-server/habits.js'
import { GOOD_HABITS } from '#simulators/fhir-server/habits.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { everyVariant, sample } from '#test/fhir/sample-measurements.js'
import { ActionsInWords, DeliveryHome, putByDoctor, transition } from './delivery-home.js'

/** Servers as there are, each with what it lacks. */
const SERVERS: Readonly<Record<string, Partial<Habits>>> = {
  'without transactions': { transactions: false },
  'without transactions and batches': { transactions: false, batches: false },
  'that ignores If-None-Exist and says so': { conditionalCreate: 'ignored' },
  'that ignores If-None-Exist and says nothing': { conditionalCreate: 'ignored-silently' },
  'that does not declare If-None-Exist': { conditionalCreate: 'undeclared' },
  'that ignores If-None-Exist, without transactions': { conditionalCreate: 'ignored', transactions: false },
  'that ignores If-None-Exist, one by one': { conditionalCreate: 'ignored', transactions: false, batches: false },
  'whose search lags behind': { searchLag: 12 },
  'whose search lags behind, without transactions': { searchLag: 12, transactions: false },
  'that gives one match a page': { pageSize: 1, next: 'relative', total: false },
  'that names itself by an inner address': { pageSize: 1, next: 'inner', conditionalCreate: 'ignored' },
}

describe('A FHIR server', function () {
  this.timeout(60_000)
  const server = new FhirServerSimulator({ port: 0 })
  const never = new AbortController().signal
  let home: DeliveryHome

  beforeEach(async () => {
    await server.start()
    const name = randomBytes(6).toString('hex')
    home = new DeliveryHome(`home-${name}`, `patient-${name}`)
    await home.start(everyVariant().map((one) => ({ ...one, identifier: `${name}-${one.identifier}` })))
  })
  afterEach(async () => {
    server.habits = GOOD_HABITS
    server.faults.clear()
    await home.stop()
    await server.stop()
  })

  const all = async <T extends Resource>(type: T['resourceType'], system: string): Promise<T[]> => {
    server.habits = GOOD_HABITS
    const response = await fetch(`${server.url}/${type}?_count=1000`)
    const resources = (((await response.json()) as Bundle).entry ?? []).map(({ resource }) => resource as T)
    const isOurs = (value: string | undefined) => value?.includes(home.home.slice(5)) ?? false
    return resources.filter((one) =>
      (one as unknown as { identifier: { system: string; value: string }[] }).identifier?.some(
        (identifier) => identifier.system === system && isOurs(identifier.value),
      ),
    )
  }
  /** As a lane does: again while it is transient, at most so often. */
  const deliver = async (deliverer: FhirDeliverer, entry: OutboxEntry, tries = 30) => {
    let delivery = await deliverer.deliver(entry, never)
    for (let attempts = 1; attempts < tries && /transient|ambiguous/.test(delivery.outcome.class); attempts++)
      delivery = await deliverer.deliver({ ...entry, attempts }, never)
    return delivery
  }
  const batch = () => home.owed(laneOf('fhir:care'))[0] as OutboxEntry

  for (const [which, habits] of Object.entries(SERVERS))
    describe(which, () => {
      it('has each Observation, the Patient and each Device once, and each refers to them', async () => {
        server.habits = { ...GOOD_HABITS, ...habits }
        const deliverer = home.deliverer({ url: server.url })
        const entry = batch()
        for (let time = 0; time < 2; time++)
          expect(await deliver(deliverer, entry)).to.deep.equal({
            outcome: { class: 'delivered' },
            resources: home.batch.leaves.length,
          })
        const observations = await all<Observation>('Observation', 'urn:homebeat:measurement')
        if (habits.conditionalCreate === 'ignored-silently') {
          // It is found out at the second transaction: those of the first are there twice, at most.
          expect(new Set(observations.map(({ identifier }) => identifier?.[0]?.value)).size).to.equal(
            home.batch.leaves.length,
          )
        } else expect(observations).to.have.length(home.batch.leaves.length)
        for (const { subject, device } of observations) {
          expect(subject?.reference).to.match(/^Patient\//)
          expect(device?.reference).to.match(/^Device\//)
        }
        if (habits.conditionalCreate !== 'ignored-silently')
          expect(await all('Patient', 'urn:homebeat:patient')).to.have.length(1)
      })

      it('has an alert once and as it stands, and its Task takes the doctor’s word', async () => {
        server.habits = { ...GOOD_HABITS, ...habits }
        const deliverer = home.deliverer({ url: server.url })
        const raised = transition()
        const actor = { by: 'doctor-1', via: 'link', note: 'I call her' } as const
        await home.alert(raised)
        await home.alert({ ...raised, state: 'acknowledged', at: raised.at + 1000, actor })
        for (const entry of home.owed(laneOf('fhir-alert:care')))
          expect((await deliver(deliverer, entry)).outcome, entry.kind).to.deep.equal({ class: 'delivered' })
        server.habits = { ...GOOD_HABITS, ...habits }
        await home.alert({ ...raised, state: 'cleared', at: raised.at + 2000 })
        for (const entry of home.owed(laneOf('fhir-alert:care')))
          expect((await deliver(deliverer, entry)).outcome, entry.kind).to.deep.equal({ class: 'delivered' })
        const issues = await all<DetectedIssue>('DetectedIssue', 'urn:homebeat:alert')
        expect(issues.map(({ status }) => status)).to.deep.equal(['final'])
        const tasks = await all<Task>('Task', 'urn:homebeat:task')
        expect(tasks.map(({ status, note }) => [status, note?.[0]?.text])).to.deep.equal([['completed', 'I call her']])
        expect(await all('Communication', 'urn:homebeat:communication')).to.have.length(3)
      })

      it('has each sealed document once', async () => {
        server.habits = { ...GOOD_HABITS, ...habits }
        const deliverer = home.deliverer({ url: server.url, name: 'archive', mode: 'sealed' })
        const [entry] = home.owed(laneOf('fhir:archive')) as [OutboxEntry]
        for (let time = 0; time < 2; time++)
          expect((await deliver(deliverer, entry)).outcome).to.deep.equal({ class: 'delivered' })
        server.habits = GOOD_HABITS
        expect(await documents()).to.have.length(4)
      })
    })

  const documents = async () => {
    const prefix = home.batch.header.gateway.toLowerCase()
    const found = (await (await fetch(`${server.url}/DocumentReference?_count=1000`)).json()) as Bundle
    return (found.entry ?? []).filter((one) => JSON.stringify(one).includes(prefix))
  }

  it('with acceptances beyond the first page of Tasks has each of them heard', async () => {
    const deliverer = home.deliverer({ url: server.url })
    const ids = Array.from({ length: 5 }, (_, index) => `fast-pulse-${index}`)
    await home.alert(...ids.map((alertId) => transition({ alertId, condition: 'fast-pulse' })))
    for (const entry of home.owed(laneOf('fhir-alert:care'))) await deliver(deliverer, entry)
    for (const task of await all<Task>('Task', 'urn:homebeat:task'))
      expect(await putByDoctor(server.url, { ...task, status: 'accepted' })).to.equal(200)
    for (const next of ['absolute', 'relative', 'inner'] as const) {
      server.habits = { ...GOOD_HABITS, pageSize: 2, total: false, next }
      const actions = new ActionsInWords()
      const poller = home.poller(server.url, actions)
      await poller.start()
      while (actions.words.length < 5) await new Promise((resolve) => setImmediate(resolve))
      await poller.stop()
      expect(actions.words.sort(), next).to.deep.equal(ids.map((id) => `acknowledge ${id} by fhir`))
    }
  })

  describe('that fails on one Observation', () => {
    const poison = (status: number) => (resource: Resource) =>
      resource.resourceType === 'Observation' && resource.identifier?.[0]?.value?.endsWith('-poison')
        ? status
        : undefined
    const withPoison = async (count: number) => {
      const { home: name } = home
      await home.stop()
      home = new DeliveryHome(name, home.patient)
      const numbered = Array.from({ length: count }, (_, index) =>
        sample('pulseRate', { identifier: `${name.slice(5)}-${index === 7 ? 'poison' : index}` }),
      )
      await home.start(numbered)
      return batch()
    }

    for (const habits of [{}, { transactions: false }, { transactions: false, batches: false }])
      for (const status of [500, 502, 400, 404])
        it(`with ${status} gets the others, and that one is refused: ${JSON.stringify(habits)}`, async () => {
          const entry = await withPoison(60)
          server.habits = { ...GOOD_HABITS, ...habits, fails: poison(status) }
          const deliverer = home.deliverer({ url: server.url })
          const { outcome, resources } = await deliver(deliverer, entry, 6)
          expect(outcome.class).to.equal('permanent')
          expect(outcome)
            .to.have.property('reason')
            .that.matches(new RegExp(`^1 of 60 resources refused: HTTP ${status}`))
          expect(resources).to.equal(1)
          expect(await all('Observation', 'urn:homebeat:measurement')).to.have.length(59)
        })

    it('and then on everything has nothing given up', async () => {
      const entry = await withPoison(60)
      server.habits = { ...GOOD_HABITS, fails: (one) => (one.resourceType === 'Observation' ? 500 : undefined) }
      const deliverer = home.deliverer({ url: server.url })
      expect((await deliver(deliverer, entry, 30)).outcome.class).to.equal('ambiguous')
      server.habits = GOOD_HABITS
      expect((await deliver(deliverer, entry)).outcome.class).to.equal('delivered')
    })

    it('gets what is written while it is down, once it is up: a short outage is no verdict', async () => {
      const entry = await withPoison(120)
      const deliverer = home.deliverer({ url: server.url })
      // It takes the first transaction, and from then on only what it has already: a database that cannot be written to.
      const first = new Set(home.batch.leaves.slice(0, 50).map(({ identifier }) => identifier))
      const readOnly = (one: Resource) =>
        one.resourceType === 'Observation' && !first.has(one.identifier?.[0]?.value ?? '') ? 500 : undefined
      server.habits = { ...GOOD_HABITS, fails: readOnly }
      expect((await deliver(deliverer, entry, 15)).outcome.class).to.equal('ambiguous')
      server.habits = GOOD_HABITS
      expect((await deliver(deliverer, entry)).outcome).to.deep.equal({ class: 'delivered' })
    })
  })

  describe('that refuses everything', () => {
    const REFUSED = new Response(
      '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]}',
      {
        status: 422,
      },
    )
    const refusing: typeof fetch = async (input, init) =>
      init?.method === 'POST' && String(init.body).includes('"Observation"') ? REFUSED.clone() : fetch(input, init)

    it('holds the lane, and gives up no batch', async () => {
      const { outcome } = await deliver(home.deliverer({ url: server.url }, refusing), batch(), 30)
      expect(outcome.class).to.equal('transient')
      expect(outcome)
        .to.have.property('reason')
        .that.matches(/^the server refuses everything: HTTP 422/)
    })

    it('gives up a batch of one only where it has taken others, and not one after the other', async () => {
      let refuses = false
      const deliverer = home.deliverer({ url: server.url }, (...args) => (refuses ? refusing : fetch)(...args))
      const entry = batch()
      const one = { ...home.batch, leaves: home.batch.leaves.slice(0, 1) }
      Object.defineProperty(home.journal.batches, 'byNumber', { value: () => one })
      refuses = true
      expect((await deliver(deliverer, entry)).outcome.class).to.equal('transient')
      refuses = false
      expect((await deliver(deliverer, entry)).outcome.class).to.equal('delivered')
      refuses = true
      const classes = []
      for (let time = 0; time < 5; time++) classes.push((await deliver(deliverer, entry, 1)).outcome.class)
      expect(classes).to.deep.equal(['permanent', 'permanent', 'permanent', 'transient', 'transient'])
    })
  })

  it('that ignores If-None-Exist has one Patient, though records and alerts come at once', async () => {
    server.habits = { ...GOOD_HABITS, conditionalCreate: 'ignored' }
    const deliverer = home.deliverer({ url: server.url })
    await home.alert(transition())
    const alerts = home.owed(laneOf('fhir-alert:care'))
    await Promise.all([
      deliver(deliverer, batch()),
      (async () => {
        for (const entry of alerts) await deliver(deliverer, entry)
      })(),
    ])
    expect(await all('Patient', 'urn:homebeat:patient')).to.have.length(1)
    expect(await all('DetectedIssue', 'urn:homebeat:alert')).to.have.length(1)
  })

  describe('and alerts', () => {
    const entryOf = async (alertId: string) => {
      await home.alert(transition({ alertId }))
      return home.owed(laneOf('fhir-alert:care')).find(({ kind }) => kind === 'alert') as OutboxEntry
    }

    it('on one of which it fails: that one is given up once it has written something else meanwhile', async () => {
      server.habits = {
        ...GOOD_HABITS,
        fails: ({ resourceType }) => (resourceType === 'DetectedIssue' ? 500 : undefined),
      }
      const deliverer = home.deliverer({ url: server.url })
      const entry = await entryOf('fast-pulse-1')
      expect((await deliver(deliverer, entry, 30)).outcome.class).to.equal('ambiguous')
      expect((await deliver(deliverer, batch())).outcome.class).to.equal('delivered')
      expect((await deliver(deliverer, entry, 5)).outcome.class).to.equal('ambiguous')
      expect((await deliver(deliverer, entry, 30)).outcome.class).to.equal('permanent')
    })

    it('all of which it refuses: the lane holds after three', async () => {
      const no = () => new Response('{"resourceType":"OperationOutcome"}', { status: 422 })
      const refusing: typeof fetch = async (input, init) =>
        init?.method === 'POST' && String(input).endsWith('/DetectedIssue') ? no() : fetch(input, init)
      const deliverer = home.deliverer({ url: server.url }, refusing)
      const outcomes = []
      for (const alertId of ['a-1', 'a-2', 'a-3', 'a-4', 'a-5'])
        outcomes.push((await deliverer.deliver(await entryOf(alertId), never)).outcome)
      expect(outcomes.map((one) => one.class)).to.deep.equal([
        'permanent',
        'permanent',
        'permanent',
        'transient',
        'transient',
      ])
    })
  })
})
