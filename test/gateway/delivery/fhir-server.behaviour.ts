/** What delivery needs of a FHIR server: run against the simulator, and against HAPI FHIR by `npm run test:servers`. */

import { createHash } from 'node:crypto'
import type {
  Binary,
  Bundle,
  Communication,
  DetectedIssue,
  DocumentReference,
  Observation,
  Patient,
} from '@medplum/fhirtypes'
import { expect } from 'chai'
import { signedForm } from '#fhir/signed-form.js'
import { IDENTIFIERS } from '#fhir/systems.js'
import { canonicalJson } from '#gateway/anchoring/canonical-json.js'
import { everyVariant, sample } from '#test/fhir/sample-measurements.js'
import { DeliveryHome, transition } from './delivery-home.js'

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

  const search = async <T>(type: string, query: string): Promise<T[]> => {
    const response = await fetch(`${server().url}/${type}?${query}&_count=500`, {
      headers: { Accept: 'application/fhir+json' },
    })
    expect(response.status).to.equal(200)
    const bundle = (await response.json()) as Bundle
    const found = (bundle.entry ?? []).map(({ resource }) => resource)
    for (const resource of found) seen(resource)
    return found as T[]
  }
  const token = (system: string, value: string) => `identifier=${encodeURIComponent(`${system}|${value}`)}`

  it('takes a batch in clear, twice, and holds each Observation once', async function () {
    this.timeout(180_000)
    const deliverer = home.deliverer({ url: server().url })
    const [entry] = home.owed('fhir:care')
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
    const [entry] = home.owed('fhir:archive')
    if (!entry) throw new Error('the journal owes no batch')
    const first = await deliverer.deliver(entry, never)
    expect(first.outcome).to.deep.equal({ class: 'delivered' })
    expect(first.resources).to.equal(8)
    const prefix = `${home.batch.header.gateway.toLowerCase()}-1-`
    const read = () =>
      Promise.all(
        ['vital-signs', 'waveform', 'laboratory', 'activity'].map(async (dataClass) => {
          const identifier = token(IDENTIFIERS.envelope, `${prefix}${dataClass}-2026-01-02`)
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
    await home.alert(raised)
    await home.alert({ ...raised, state: 'cleared', at: raised.at + 60_000 })
    const entries = home.owed('fhir:care')
    expect(entries.map(({ kind }) => kind)).to.include.members(['alert', 'communication'])
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
    const communication = token(IDENTIFIERS.communication, `${home.home}/${raised.alertId}/active/doctor`)
    const communications = await search<Communication>('Communication', communication)
    expect(communications).to.have.length(1)
    expect(communications[0]?.recipient?.[0]?.display).to.equal('doctor')
    const text = JSON.stringify([issues, communications].flat().map((resource) => signedForm(resource)))
    expect(text).to.not.include(String(raised.value))
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
      const [entry] = other.owed('fhir:care')
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
