import type { Binary, Bundle, OperationOutcome, Patient, Task } from '@medplum/fhirtypes'
import { expect } from 'chai'
import type { AlertEvent } from '#fhir/alert-event.js'
import { observationBundle } from '#fhir/bundle.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { patientOf } from '#fhir/patient.js'
import { taskOf } from '#fhir/task.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { context, sample } from '#test/fhir/sample-measurements.js'

describe('the FHIR server simulator', () => {
  let server: FhirServerSimulator
  before(function () {
    this.timeout(60_000)
  })
  beforeEach(async function () {
    this.timeout(60_000)
    server = new FhirServerSimulator({ port: 0 })
    await server.start()
  })
  afterEach(() => server.stop())

  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/fhir+json', Accept: 'application/fhir+json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const observations = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      observationOf(sample('pulseRate', { identifier: `p-${index}` }), context),
    )

  it('creates on condition: once, however often it is asked', async () => {
    const condition = { 'If-None-Exist': 'identifier=urn:homebeat:patient|quiet-heron' }
    const first = await send('POST', '/Patient', patientOf('quiet-heron'), condition)
    expect(first.status).to.equal(201)
    expect(first.headers.get('location')).to.match(/\/fhir\/Patient\/[0-9a-f-]{36}$/)
    const again = await send('POST', '/Patient', patientOf('quiet-heron'), condition)
    expect(again.status).to.equal(200)
    expect(((await again.json()) as Patient).id).to.equal(((await first.json()) as Patient).id)
    expect(server.repository.count('Patient')).to.equal(1)
  })

  it('takes many equal transactions at once and holds each resource once', async function () {
    this.timeout(60_000)
    const bundle = observationBundle(observations(12), context)
    const answers = await Promise.all(Array.from({ length: 4 }, () => send('POST', '', bundle)))
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200])
    expect(server.repository.count('Observation')).to.equal(12)
    expect(server.repository.count('Patient')).to.equal(1)
    expect(server.repository.count('Device')).to.equal(2)
  })

  it('refuses a whole transaction for one bad entry, and keeps nothing of it', async () => {
    const list = observations(12)
    Object.assign(list[11]?.valueQuantity ?? {}, { code: 'bpm' })
    const answer = await send('POST', '', observationBundle(list, context))
    expect(answer.status).to.equal(422)
    const outcome = (await answer.json()) as OperationOutcome
    expect(outcome.issue?.[0]?.expression?.[0]).to.equal('Observation.value.code')
    for (const type of ['Observation', 'Patient', 'Device']) expect(server.repository.count(type)).to.equal(0)
    const search = (await (await send('GET', '/Patient')).json()) as Bundle
    expect(search.total).to.equal(0)
  })

  it('puts back what a failed transaction had changed', async () => {
    await send('PUT', '/Patient/one', { ...patientOf('quiet-heron'), id: 'one' })
    const bundle: Bundle = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { resource: { ...patientOf('other'), id: 'one' }, request: { method: 'PUT', url: 'Patient/one' } },
        {
          resource: { ...patientOf('bad'), id: 'two', gender: 'x' as never },
          request: { method: 'PUT', url: 'Patient/two' },
        },
      ],
    }
    expect((await send('POST', '', bundle)).status).to.equal(422)
    const patient = (await (await send('GET', '/Patient/one')).json()) as Patient
    expect(patient.identifier?.[0]?.value).to.equal('quiet-heron')
    const found = await send('GET', '/Patient?identifier=urn:homebeat:patient|quiet-heron')
    expect(((await found.json()) as Bundle).total).to.equal(1)
    expect((await send('GET', '/Patient/two')).status).to.equal(404)
  })

  it('updates on condition', async () => {
    const put = (active: boolean) =>
      send('PUT', '/Patient?identifier=urn:homebeat:patient|quiet-heron', { ...patientOf('quiet-heron'), active })
    expect((await put(true)).status).to.equal(201)
    expect((await put(false)).status).to.equal(200)
    expect(server.repository.count('Patient')).to.equal(1)
  })

  it('refuses what is invalid, unknown, dangling or no JSON', async () => {
    expect((await send('POST', '/Patient', { resourceType: 'Patient', colour: 'blue' })).status).to.equal(422)
    expect((await send('POST', '/Medication', { resourceType: 'Medication' })).status).to.equal(422)
    expect((await send('POST', '/Patient', '{')).status).to.equal(400)
    expect((await send('POST', '/Device', patientOf('x'))).status).to.equal(400)
    const dangling = { ...observationOf(sample('pulseRate'), context), encounter: { reference: 'Encounter/7' } }
    expect((await send('POST', '/Observation', dangling)).status).to.equal(400)
    expect((await send('GET', '/Patient/none')).status).to.equal(404)
    expect((await fetch(server.url.replace('/fhir', '/other'))).status).to.equal(404)
    for (const type of ['Patient', 'Observation', 'Device']) expect(server.repository.count(type)).to.equal(0)
  })

  it('keeps a Binary byte for byte, sent and fetched raw or as a resource', async () => {
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256))
    const created = await send('POST', '/Binary', bytes.toString('latin1'), { 'Content-Type': 'text/plain' })
    expect(created.status).to.equal(201)
    const put = await send('PUT', '/Binary/hb1', {
      resourceType: 'Binary',
      id: 'hb1',
      contentType: 'application/jose',
      data: bytes.toString('base64'),
    })
    expect(put.status).to.be.oneOf([200, 201])
    const raw = await fetch(`${server.url}/Binary/hb1`)
    expect(raw.headers.get('content-type')).to.equal('application/jose')
    expect(Buffer.from(await raw.arrayBuffer()).equals(bytes)).to.equal(true)
    expect(((await (await send('GET', '/Binary/hb1')).json()) as Binary).data).to.equal(bytes.toString('base64'))
  })

  it('updates a Task in the version that was read only, and finds it by identifier and status', async () => {
    const raised: AlertEvent = {
      ...{ alertId: 'a-1', condition: 'fast-pulse', kind: 'physiological', priority: 'high', state: 'active' },
      ...{ at: 1767342660000, raisedAt: 1767342660000 },
    }
    const created = await send('POST', '/Task', taskOf([raised], context))
    expect(created.status).to.equal(201)
    const task = (await created.json()) as Task
    const versionId = created.headers.get('etag') ?? ''
    const write = (status: Task['status'], headers: Record<string, string>) =>
      send('PUT', `/Task/${task.id}`, { ...task, status }, headers)
    const accepted = await write('accepted', { 'If-Match': versionId })
    expect(accepted.status).to.equal(200)
    expect(accepted.headers.get('etag')).to.not.equal(versionId)
    expect((await write('rejected', { 'If-Match': versionId })).status).to.equal(412)
    expect((await write('someday' as 'draft', {})).status).to.equal(422)
    const find = async (query: string) => ((await (await send('GET', `/Task?${query}`)).json()) as Bundle).total
    expect(await find('identifier=urn:homebeat:task|home-1/a-0,urn:homebeat:task|home-1/a-1')).to.equal(1)
    expect(await find('status=accepted&priority=stat')).to.equal(1)
    expect(await find('status=rejected')).to.equal(0)
  })

  it('pages a search, and counts', async function () {
    this.timeout(60_000)
    await send('POST', '', observationBundle(observations(50), context))
    const identifiers = new Set<string | undefined>()
    let url: string | undefined = `${server.url}/Observation?_count=20&code=http://loinc.org|8867-4`
    let pages = 0
    while (url) {
      const page = (await (await fetch(url)).json()) as Bundle
      expect(page.total).to.equal(50)
      for (const { resource } of page.entry ?? []) {
        identifiers.add(resource?.resourceType === 'Observation' ? resource.identifier?.[0]?.value : undefined)
      }
      url = page.link?.find(({ relation }) => relation === 'next')?.url
      pages += 1
    }
    expect(pages).to.equal(3)
    expect(identifiers.size).to.equal(50)
    const count = (await (await send('GET', '/Observation?_summary=count')).json()) as Bundle
    expect(count).to.deep.equal({ resourceType: 'Bundle', type: 'searchset', total: 50 })
  })

  it('answers a transaction without its resources where that is preferred', async () => {
    const answer = await send('POST', '', observationBundle(observations(1), context), { Prefer: 'return=minimal' })
    const bundle = (await answer.json()) as Bundle
    expect(bundle.entry?.map(({ resource }) => resource)).to.deep.equal([undefined, undefined, undefined, undefined])
    expect(bundle.entry?.map(({ response }) => response?.status)).to.deep.equal(['201', '201', '201', '201'])
  })

  it('says what it can, without a token', async () => {
    const guarded = new FhirServerSimulator({ port: 0, token: 'open-sesame' })
    await guarded.start()
    try {
      const statement = await (await fetch(`${guarded.url}/metadata`)).json()
      expect(statement).to.include({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' })
      expect((await fetch(`${guarded.url}/Patient`)).status).to.equal(401)
      const wrong = await fetch(`${guarded.url}/Patient`, { headers: { Authorization: 'Bearer open-sesam' } })
      expect(wrong.status).to.equal(401)
      const right = await fetch(`${guarded.url}/Patient`, { headers: { Authorization: 'Bearer open-sesame' } })
      expect(right.status).to.equal(200)
    } finally {
      await guarded.stop()
    }
  })

  it('starts and stops twice without harm, and is empty each time', async () => {
    await send('POST', '/Patient', patientOf('quiet-heron'))
    await server.start()
    expect(server.repository.count('Patient')).to.equal(1)
    await server.stop()
    await server.stop()
    await server.start()
    expect(server.repository.count('Patient')).to.equal(0)
  })
})
