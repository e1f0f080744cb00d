import { expect } from 'chai'
import { deviceOf, gatewayOf } from '#fhir/device.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { patientOf } from '#fhir/patient.js'
import { context, everyVariant, sample } from '#test/fhir/sample-measurements.js'
import { itTakesDeliveries } from '#test/gateway/outbound/fhir/fhir-server.behaviour.js'
import { type Hapi, requireJava, startHapi, validateWithHapi } from '#test/support/hapi.js'

describe('HAPI FHIR 8.8 with request validation', () => {
  let hapi: Hapi | undefined
  const seen = new Map<string, unknown>()

  before(async function () {
    this.timeout(20 * 60_000)
    await requireJava(this)
    hapi = await startHapi()
  })
  after(async function () {
    this.timeout(60_000)
    await hapi?.stop()
  })

  itTakesDeliveries(
    () => {
      if (!hapi) throw new Error('HAPI is not running')
      return hapi
    },
    (resource) => seen.set(JSON.stringify(resource), resource),
  )

  it('finds no error in anything that was delivered, nor in any variant of an Observation', async function () {
    this.timeout(10 * 60_000)
    const made = [
      ...everyVariant().map((measurement) => observationOf(measurement, context)),
      ...(['N', 'L', 'H', 'LL', 'HH'] as const).map((interpretation) =>
        observationOf(sample('pulseRate'), { ...context, interpretation, referenceRange: { low: 50, high: 110 } }),
      ),
      patientOf(context.patient),
      gatewayOf(context.home),
      deviceOf('home-1/kit-1', ['pulseRate', 'ecgWaveform']),
      deviceOf('home-1/cuff', ['bloodPressure']),
    ]
    const types = new Set([...seen.values()].map((resource) => (resource as { resourceType: string }).resourceType))
    expect([...types].sort()).to.deep.equal([
      'Binary',
      'Communication',
      'CommunicationRequest',
      'DetectedIssue',
      'DocumentReference',
      'Flag',
      'Observation',
      'Patient',
      'Task',
    ])
    const { invalid, output } = await validateWithHapi([...made, ...seen.values()])
    expect(invalid, output).to.equal(0)
  })

  it('finds the errors that it should find', async function () {
    this.timeout(10 * 60_000)
    const wrongUnit = JSON.stringify(observationOf(sample('pulseRate'), context)).replace(
      '"code":"/min"',
      '"code":"bpm"',
    )
    const pressure = observationOf(sample('bloodPressure'), context)
    const halfAPressure = { ...pressure, component: pressure.component?.slice(0, 1) }
    const { invalid, output } = await validateWithHapi([JSON.parse(wrongUnit), halfAPressure])
    expect(invalid, output).to.equal(2)
  })
})
