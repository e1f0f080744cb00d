import { expect } from 'chai'
import { condition, documentBundle, observationBundle, supportingOf } from '#fhir/bundle.js'
import { deviceOf } from '#fhir/device.js'
import { sealedResourcesOf } from '#fhir/document.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { patientOf } from '#fhir/patient.js'
import { expectValidFhir } from '#test/support/fhir-validator.js'
import { context, sample } from './sample-measurements.js'

const sealed = {
  identifier: '0xabc-1-vital-signs-2026-01-02',
  dataClass: 'vital-signs',
  day: '2026-01-02',
  jwe: 'eyJhbGciOiJBMjU2S1cifQ.a.b.c.d',
  count: 3,
  periodStart: 1767342600000,
  periodEnd: 1767342660000,
} as const

describe('a transaction', () => {
  it('creates each thing on condition of its identifier, and refers to it by placeholder', () => {
    const observations = [
      observationOf(sample('pulseRate', { identifier: 'a|b,c' }), context),
      observationOf(sample('bloodPressure', { deviceId: 'mqtt-cuff' }), context),
    ]
    const bundle = observationBundle(observations, context)
    expect(bundle.entry?.map(({ resource }) => resource?.resourceType)).to.deep.equal([
      'Patient',
      'Device',
      'Device',
      'Device',
      'Observation',
      'Observation',
    ])
    expect(supportingOf(observations, context)).to.have.length(4)
    for (const { request } of bundle.entry ?? []) {
      expect(request?.method).to.equal('POST')
      expect(request?.ifNoneExist).to.match(/^identifier=urn%3Ahomebeat%3A[a-z]+%7C.+/)
    }
    expect(decodeURIComponent(bundle.entry?.[4]?.request?.ifNoneExist ?? '')).to.equal(
      'identifier=urn:homebeat:measurement|a\\|b\\,c',
    )
    const [patient, gateway, kit, cuff, pulse, pressure] = bundle.entry ?? []
    const text = (entry: unknown) => JSON.stringify(entry)
    for (const target of [patient, gateway, kit]) expect(text(pulse)).to.include(`"reference":"${target?.fullUrl}"`)
    expect(text(pressure)).to.include(`"reference":"${cuff?.fullUrl}"`)
    expect(new Set(bundle.entry?.map(({ fullUrl }) => fullUrl)).size).to.equal(6)
  })

  it('is the same bytes each time', () => {
    const make = () => JSON.stringify(observationBundle([observationOf(sample('pulseRate'), context)], context))
    expect(make()).to.equal(make())
  })

  it('puts Binary and DocumentReference of a sealed document together', () => {
    const resources = sealedResourcesOf(sealed, context)
    const urls = documentBundle(resources).entry?.map(({ request }) => `${request?.method} ${request?.url}`)
    expect(urls).to.deep.equal([`PUT Binary/${resources.binary.id}`, `PUT ${condition(resources.document)}`])
  })
})

describe('devices, patients and documents', () => {
  it('are valid R4', () => {
    expectValidFhir(patientOf('quiet-heron'))
    expectValidFhir(deviceOf('home-1/kit-1', []))
    const { binary, document } = sealedResourcesOf(sealed, context)
    expectValidFhir(binary)
    expectValidFhir(document)
  })

  it('name the kind of a sealed document by its serialisation', () => {
    expect(sealedResourcesOf(sealed, context).binary.contentType).to.equal('application/jose')
    expect(sealedResourcesOf({ ...sealed, jwe: '{"protected":""}' }, context).binary.contentType).to.equal(
      'application/jose+json',
    )
  })

  it('type a device by what it alone measures, else as multi-function', () => {
    expect(deviceOf('h/cuff', ['bloodPressure']).type?.coding?.[0]?.code).to.equal('528391')
    expect(deviceOf('h/oximeter', ['pulseRate', 'oxygenSaturation']).type?.coding?.[0]?.code).to.equal('528388')
    expect(deviceOf('h/kit', ['pulseRate', 'bloodGlucose']).type?.coding?.[0]?.code).to.equal('528384')
    expect(deviceOf('h/strap', ['bodyPosition']).type?.coding?.[0]?.code).to.equal('528384')
  })
})
