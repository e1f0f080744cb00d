/** What delivery needs of a FHIR server: run against the simulator, and against HAPI FHIR by `npm run test:servers`. */

import { createHash } from 'node:crypto'
import type {
  Binary,
  Bundle,
  Communication,
  CommunicationRequest,
  DetectedIssue,
  DocumentReference,
  Flag,
  Observation,
  Patient,
  Resource,
  Task,
} from '@medplum/fhirtypes'
import { expect } from 'chai'
import { signedForm } from '#fhir/signed-form.js'
import { IDENTIFIERS } from '#fhir/systems.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { laneOf } from '#gateway/model/lane.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { everyVariant, sample } from '#test/fhir/sample-measurements.js'
import { ActionsInWords, DeliveryHome, putByDoctor, transition } from './delivery-home.js'

export interface ServerUnderTest {
  readonly url: string
}

/** @param seen gets every resource read back, for another validator to judge. */
export function itTakesDeliveries(server: () => ServerUnderTest, seen: (resource: unknown) => void = () => {}): void {
  const never = new AbortController().signal
  let home: DeliveryHome

  before(async function () {
    this.timeout(60_000)
    home = new DeliveryHome(`home-${process.pid}-${Date.now() % 1e6}`, `patient-${Date.now()}`)
    await home.start(everyVariant().map((m) => ({ ...m, identifier: `${home.home}-${m.identifier}` })))
  })
  after(() => home?.stop())

  /** All pages: a server may give fewer at once than it was asked for. */
  const search = async <T>(type: string, query: string): Promise<T[]> => {
    const found: Resource[] = []
    let next: string | undefined = `${server().url}/${type}?${query}&_count=200`
    while (next !== undefined) {
      const response: Response = await fetch(next, { headers: { Accept: 'application/fhir+json' } })
      expect(response.status).to.equal(200)
      const bundle = (await response.json()) as Bundle
      for (const { resource } of bundle.entry ?? []) if (resource) found.push(resource)
      next = bundle.link?.find(({ relation }) => relation === 'next')?.url
    }
    for (const resource of found) seen(resource)
    return found as T[]
  }
  const token = (system: string, value: string) => `identifier=${encodeURIComponent(`${system}|${value}`)}`

  it('takes a batch in clear, twice, and holds each Observation once', async function () {
    this.timeout(180_000)
    const deliverer = home.deliverer({ url: server().url })
    const [entry] = home.owed(laneOf('fhir:care'))
    if (!entry) throw new Error('the journal owes no batch')
    for (let time = 0; time < 2; time += 1) {
      const { outcome, resources } = await deliverer.deliver(entry, never)
      expect(outcome).to.deep.equal({ class: 'delivered' })
      expect(resources).to.equal(home.batch.leaves.length)
    }
    const [patient, other] = await search<Patient>('Patient', token(IDENTIFIERS.patient, home.patient))
    expect(other).to.equal(undefined)
    const observations = await search<Observation>('Observation', `patient=Patient/${patient?.id}`)
    const identifiers = observations.map((observation) => observation.identifier?.[0]?.value)
    expect(identifiers.sort()).to.deep.equal(home.batch.leaves.map((leaf) => leaf.identifier).sort())
  })

  it('gives back Observations whose signed form is what was hashed, byte for byte', async function () {
    this.timeout(60_000)
    for (const leaf of home.batch.leaves) {
      const [observation] = await search<Observation>('Observation', token(IDENTIFIERS.measurement, leaf.identifier))
      expect(canonicalJson(signedForm(observation))).to.equal(leaf.observation)
      expect(observation?.subject?.reference).to.match(/^Patient\//)
      expect(observation?.device?.reference).to.match(/^Device\//)
    }
  })

  it('takes a sealed batch, twice, and gives each document back byte for byte', async function () {
    this.timeout(180_000)
    const deliverer = home.deliverer({ name: 'archive', mode: 'sealed', url: server().url })
    const [entry] = home.owed(laneOf('fhir:archive'))
    if (!entry) throw new Error('the journal owes no batch')
    const first = await deliverer.deliver(entry, never)
    expect(first.outcome).to.deep.equal({ class: 'delivered' })
    expect(first.resources).to.equal(8)
    const { gateway, root } = home.batch.header
    const prefix = `${gateway.toLowerCase()}-1-`
    const read = () =>
      Promise.all(
        ['vital-signs', 'waveform', 'laboratory', 'activity'].map(async (dataClass) => {
          const identifier = token(IDENTIFIERS.envelope, `${prefix}${dataClass}-2026-01-02-${root.slice(2, 18)}`)
          const documents = await search<DocumentReference>('DocumentReference', identifier)
          expect(documents).to.have.length(1)
          const attachment = documents[0]?.content[0]?.attachment
          const response = await fetch(`${server().url}/${attachment?.url}`, {
            headers: { Accept: 'application/fhir+json' },
          })
          const binary = (await response.json()) as Binary
          seen(binary)
          const bytes = Buffer.from(binary.data ?? '', 'base64')
          expect(bytes.length).to.equal(attachment?.size)
          const sha256 = attachment?.extension?.[0]?.valueBase64Binary
          expect(createHash('sha256').update(bytes).digest('base64')).to.equal(sha256)
          expect(createHash('sha1').update(bytes).digest('base64')).to.equal(attachment?.hash)
          return bytes.toString()
        }),
      )
    const before = await read()
    const again = await deliverer.deliver(entry, never)
    expect(again).to.deep.equal(first)
    expect(await read()).to.deep.equal(before)
  })

  it('takes an alert, its delivery and its clearing, twice, as one issue that ends final', async function () {
    this.timeout(120_000)
    const deliverer = home.deliverer({ url: server().url })
    const raised = transition({ value: 77.75, measurement: home.batch.leaves[3]?.identifier ?? '' })
    const actor = { by: 'doctor-1', via: 'link', note: 'I call her' } as const
    await home.alert(raised)
    home.journal.outbox.queueFlags([raised.alertId])
    await home.alert({ ...raised, state: 'acknowledged', at: raised.at + 30_000, actor })
    await home.alert({ ...raised, state: 'cleared', at: raised.at + 60_000 })
    await home.refused({ ...raised, alertId: 'probe-off-ecg-1', condition: 'probe-off-ecg', priority: 'low' })
    const entries = home.owed(laneOf('fhir-alert:care'))
    expect(new Set(entries.map(({ kind }) => kind))).to.deep.equal(
      new Set(['alert', 'notification', 'communication', 'flag', 'undelivered']),
    )
    const deliver = async () => {
      for (const entry of entries) {
        const { outcome } = await deliverer.deliver(entry, never)
        expect(outcome, entry.kind).to.deep.equal({ class: 'delivered' })
      }
    }
    await deliver()
    await deliver()
    const identifier = token(IDENTIFIERS.alert, `${home.home}/${raised.alertId}`)
    const issues = await search<DetectedIssue>('DetectedIssue', identifier)
    expect(issues).to.have.length(1)
    expect(issues[0]?.status).to.equal('final')
    expect(issues[0]?.identifiedPeriod).to.deep.equal({
      start: '2026-01-02T08:31:00.000Z',
      end: '2026-01-02T08:32:00.000Z',
    })
    expect(issues[0]?.mitigation?.[0]?.author?.identifier?.value).to.equal(`${home.home}/doctor-1`)
    const key = `${home.home}/${raised.alertId}:active:${raised.at}:doctor`
    const communications = await search<Communication>('Communication', token(IDENTIFIERS.communication, key))
    expect(communications).to.have.length(1)
    expect(communications[0]).to.include({ status: 'completed' })
    expect(communications[0]?.recipient?.[0]?.display).to.equal('doctor')
    const requests = await search<CommunicationRequest>(
      'CommunicationRequest',
      token(IDENTIFIERS.communicationRequest, key),
    )
    expect(requests.map(({ status }) => status)).to.deep.equal(['completed'])
    const tasks = await search<Task>('Task', token(IDENTIFIERS.task, `${home.home}/${raised.alertId}`))
    expect(tasks.map(({ status, note }) => [status, note?.[0]?.text])).to.deep.equal([['completed', 'I call her']])
    const flags = await search<Flag>('Flag', token(IDENTIFIERS.flag, `${home.home}/${raised.alertId}`))
    expect(flags.map(({ status }) => status)).to.deep.equal(['inactive'])
    const text = JSON.stringify([issues, communications, requests, tasks, flags].flat().map(signedForm))
    expect(text).to.not.include(String(raised.value))
    const refused = `${home.home}/probe-off-ecg-1:active:${raised.at}:doctor`
    const revoked = await search<CommunicationRequest>(
      'CommunicationRequest',
      token(IDENTIFIERS.communicationRequest, refused),
    )
    expect(revoked.map(({ status }) => status)).to.deep.equal(['revoked'])
    const notDone = await search<Communication>('Communication', token(IDENTIFIERS.communication, refused))
    expect(notDone.map(({ status, sent }) => [status, sent])).to.deep.equal([['not-done', undefined]])
    expect(await search<Task>('Task', token(IDENTIFIERS.task, `${home.home}/probe-off-ecg-1`))).to.deep.equal([])
  })

  it('takes a doctor’s word for an alert, and keeps it when the home has more to say', async function () {
    this.timeout(120_000)
    const deliverer = home.deliverer({ url: server().url })
    const raised = transition({ alertId: 'fast-pulse-7', condition: 'fast-pulse' })
    const deliverAll = async () => {
      for (const entry of home.owed(laneOf('fhir-alert:care')))
        expect((await deliverer.deliver(entry, never)).outcome, entry.kind).to.deep.equal({ class: 'delivered' })
    }
    await home.alert(raised)
    await deliverAll()
    const identifier = token(IDENTIFIERS.task, `${home.home}/fast-pulse-7`)
    const [task] = await search<Task>('Task', identifier)
    if (!task) throw new Error('no Task')
    expect(task).to.include({ status: 'requested', priority: 'stat' })
    await putByDoctor(server().url, { ...task, status: 'accepted', owner: { display: 'Dr. Gray' } })

    const actions = new ActionsInWords()
    const poller = home.poller(server().url, actions)
    await poller.start()
    await actions.told
    await poller.stop()
    expect(actions.words).to.deep.equal(['acknowledge fast-pulse-7 by fhir'])

    const acknowledged = { ...raised, state: 'acknowledged', at: raised.at + 1, actor: actions.actors[0] } as const
    await home.alert(acknowledged as AlertTransition, { ...raised, state: 'cleared', at: raised.at + 60_000 })
    await deliverAll()
    const [after] = await search<Task>('Task', identifier)
    expect(after).to.deep.include({ status: 'completed', owner: { display: 'Dr. Gray' } })
    const stale = await putByDoctor(server().url, { ...task, status: 'rejected' })
    expect([409, 412]).to.include(stale)
  })

  it('refuses one bad Observation for good, and takes the others of its batch', async function () {
    this.timeout(120_000)
    const other = new DeliveryHome(`${home.home}-b`, `${home.patient}-b`)
    try {
      const measurements = Array.from({ length: 7 }, (_, index) =>
        sample('pulseRate', { identifier: `${other.home}-pulse-${index}` }),
      )
      await other.start(measurements, (observation, index) =>
        index === 4 ? observation.replace('"code":"/min"', '"code":"bpm"') : observation,
      )
      const [entry] = other.owed(laneOf('fhir:care'))
      if (!entry) throw new Error('the journal owes no batch')
      const { outcome, resources } = await other.deliverer({ url: server().url }).deliver(entry, never)
      expect(outcome.class).to.equal('permanent')
      expect(outcome)
        .to.have.property('reason')
        .that.matches(/^1 of 7 resources refused: HTTP 422/)
      expect(resources).to.equal(1)
      const patient = (await search<Patient>('Patient', token(IDENTIFIERS.patient, other.patient)))[0]
      const observations = await search<Observation>('Observation', `patient=Patient/${patient?.id}`)
      expect(observations).to.have.length(6)
    } finally {
      await other.stop()
    }
  })
}
