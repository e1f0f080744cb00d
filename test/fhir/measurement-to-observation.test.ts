import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Observation } from '@medplum/fhirtypes'
import { expect } from 'chai'
import fc from 'fast-check'
import { type Measurement, OBSERVABLES } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { signedForm } from '#fhir/signed-form.js'
import { EXTENSIONS } from '#fhir/systems.js'
import { TERMINOLOGY } from '#fhir/terminology.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { expectValidFhir, fhirErrors } from '#test/support/fhir-validator.js'
import { context, everyVariant, sample } from './sample-measurements.js'

describe('an Observation', () => {
  it('is, for each Observable, the one in the golden file', () => {
    const file = join(packageRoot, 'test', 'fixtures', 'fhir', 'observations.json')
    const golden = JSON.parse(readFileSync(file, 'utf8')) as unknown
    const made = OBSERVABLES.map((observable) => observationOf(sample(observable), context))
    expect(JSON.parse(JSON.stringify(made))).to.deep.equal(golden)
  })

  it('is valid R4, and valid by its profile, in every variant', function () {
    this.timeout(60_000)
    for (const measurement of everyVariant()) expectValidFhir(observationOf(measurement, context))
  })

  it('is valid whatever a sensor gives', function () {
    this.timeout(120_000)
    fc.assert(
      fc.property(anyMeasurement, (measurement) => {
        expectValidFhir(observationOf(measurement, context))
      }),
      { numRuns: 150 },
    )
  })

  it('beyond the sensor’s range has the bound with a comparator', () => {
    const value = { type: 'quantity', value: 600, comparator: '>' } as const
    const observation = observationOf(sample('bloodGlucose', { value, quality: 'questionable' }), context)
    expect(observation.valueQuantity).to.include({ value: 600, comparator: '>' })
    expectValidFhir(observation)
  })

  it('without a value says why, and has no number', () => {
    for (const observable of OBSERVABLES) {
      const measurement = sample(observable, { value: { type: 'absent', reason: 'error' }, quality: 'missing' })
      const observation = observationOf(measurement, context)
      expect(observation.dataAbsentReason?.coding?.[0]?.code).to.equal('error')
      expect(JSON.stringify(observation)).to.not.match(/"(?:valueQuantity|valueSampledData|value)":[{0-9]/)
    }
  })

  it('never turns a number that is none, or one of another kind, into a value', () => {
    const wrong = [
      sample('pulseRate', { value: { type: 'quantity', value: Number.NaN } }),
      sample('bodyTemperature', { value: { type: 'quantity', value: Number.POSITIVE_INFINITY } }),
      sample('bloodPressure', { value: { type: 'bloodPressure', systolic: 120, diastolic: Number.NaN } }),
      sample('bodyPosition', { value: { type: 'quantity', value: 3 } }),
      sample('pulseRate', { value: { type: 'position', position: 'supine' } }),
      sample('ecgWaveform', { value: { type: 'quantity', value: 1 } }),
    ]
    for (const measurement of wrong) {
      const observation = observationOf(measurement, context)
      expect(observation.dataAbsentReason?.coding?.[0]?.code, measurement.observable).to.equal('error')
      expectValidFhir(observation)
    }
  })

  it('gives no number that cannot be as a value, but beside the reason that there is none', () => {
    const cannotBe: [Parameters<typeof sample>[0], number][] = [
      ...([
        ['oxygenSaturation', -999],
        ['oxygenSaturation', 65535],
        ['pulseRate', 0],
      ] as const),
      ...([
        ['bodyTemperature', -127],
        ['bloodGlucose', -1],
        ['bodyWeight', 65535],
      ] as const),
    ].map(([observable, value]) => [observable, value])
    for (const [observable, value] of cannotBe) {
      const measurement = sample(observable, { value: { type: 'quantity', value }, quality: 'implausible' })
      const observation = observationOf(measurement, { ...context, referenceRange: { low: 1 } })
      expectValidFhir(observation)
      expect(observation.dataAbsentReason?.coding?.[0]?.code, observable).to.equal('error')
      expect(observation).to.not.have.any.keys('valueQuantity', 'interpretation', 'referenceRange')
      const said = observation.extension?.find(({ url }) => url === EXTENSIONS.implausibleValue)
      expect(said?.valueQuantity).to.include({ value, code: TERMINOLOGY[observable].unit })
    }
    const pressure = observationOf(
      sample('bloodPressure', {
        value: { type: 'bloodPressure', systolic: 65535, diastolic: 0, mean: 7 },
        quality: 'implausible',
      }),
      context,
    )
    expectValidFhir(pressure)
    expect(pressure.dataAbsentReason?.coding?.[0]?.code).to.equal('error')
    expect(
      pressure.component?.map((one) => [one.valueQuantity, one.extension?.[0]?.valueQuantity?.value]),
    ).to.deep.equal([
      [undefined, 65535],
      [undefined, 0],
      [undefined, 7],
    ])
    expect(pressure.component?.every((one) => one.dataAbsentReason)).to.equal(true)
  })

  it('does not keep how many digits a device has shown: 76.0 is 76, and the README says so', () => {
    const text = (value: number) =>
      canonicalJson(signedForm(observationOf(sample('bodyWeight', { value: { type: 'quantity', value } }), context)))
    expect(text(Number('76.0')))
      .to.equal(text(76))
      .and.include('"value":76}')
    expect(readFileSync(join(packageRoot, 'README.md'), 'utf8')).to.match(/76\.0/)
    expect(readFileSync(join(packageRoot, 'fhir', 'README.md'), 'utf8')).to.match(/76\.0.*RFC 8785/s)
  })

  it('says mean pressure and irregular pulse beside a blood pressure, where the cuff said them', () => {
    const codes = (more: object) => {
      const value = { type: 'bloodPressure' as const, systolic: 131, diastolic: 84, ...more }
      const observation = observationOf(sample('bloodPressure', { value }), context)
      expectValidFhir(observation)
      return observation.component?.map((one) => [
        one.code.coding?.[0]?.code,
        one.valueQuantity?.value ?? one.valueBoolean,
      ])
    }
    const pressure = [
      ['8480-6', 131],
      ['8462-4', 84],
    ]
    expect(codes({})).to.deep.equal(pressure)
    expect(codes({ mean: 99, irregularPulse: true })).to.deep.equal([...pressure, ['8478-0', 99], ['61086009', true]])
    expect(codes({ mean: Number.NaN, irregularPulse: false })).to.deep.equal([...pressure, ['61086009', false]])
  })

  it('names patient, device and gateway by identifier only', () => {
    const text = JSON.stringify(observationOf(sample('pulseRate'), context))
    expect(text).to.not.include('"reference"')
    expect(text)
      .to.include('"value":"quiet-heron"')
      .and.include('"value":"home-1/kit-1"')
      .and.include('"value":"home-1"')
  })

  it('names by identifier, within the home, the person who measured', () => {
    const observation = observationOf(sample('bloodPressure', { deviceId: 'manual', performer: 'nurse-1' }), context)
    expect(observation.performer).to.deep.equal([
      { identifier: { system: 'urn:homebeat:contact', value: 'home-1/nurse-1' } },
    ])
    expectValidFhir(observation)
  })

  it('keeps quality, remarks and the device time in extensions', () => {
    const observation = observationOf(
      sample('bloodGlucose', {
        quality: 'questionable',
        remarks: ['device-clock-unverified'],
        deviceTime: '2026-01-02T09:30',
      }),
      context,
    )
    const byUrl = new Map(observation.extension?.map((extension) => [extension.url, extension]))
    expect(byUrl.get(EXTENSIONS.quality)?.valueCode).to.equal('questionable')
    expect(byUrl.get(EXTENSIONS.remark)?.valueString).to.equal('device-clock-unverified')
    expect(byUrl.get(EXTENSIONS.deviceTime)?.valueString).to.equal('2026-01-02T09:30')
    expect(JSON.stringify(observationOf(sample('bloodGlucose'), context))).to.not.include(EXTENSIONS.quality)
  })

  it('gives a waveform its period, and a vital sign an instant with its end beside it', () => {
    const ecg = observationOf(sample('ecgWaveform'), context)
    expect(ecg.effectivePeriod).to.deep.equal({ start: '2026-01-02T08:30:15.123Z', end: '2026-01-02T08:30:15.143Z' })
    const measurement = sample('respiratoryRate')
    const rate = observationOf({ ...measurement, until: measurement.at + 30_000 }, context)
    expect(rate.effectiveDateTime).to.equal('2026-01-02T08:30:15.123Z')
    const until = rate.extension?.find(({ url }) => url === EXTENSIONS.until)
    expect(until?.valueDateTime).to.equal('2026-01-02T08:30:45.123Z')
  })

  it('writes the limits in force and their verdict where they are given', () => {
    const observation = observationOf(sample('pulseRate'), {
      ...context,
      referenceRange: { low: 50, high: 110 },
      interpretation: 'N',
    })
    expect(observation.referenceRange?.[0]?.low).to.include({ value: 50, code: '/min' })
    expect(observation.interpretation?.[0]?.coding?.[0]?.code).to.equal('N')
    expectValidFhir(observation)
  })
})

describe('the validator of these tests', () => {
  const bites = (
    name: string,
    change: (observation: Observation) => void,
    observable: Measurement['observable'] = 'pulseRate',
  ) =>
    it(`refuses ${name}`, () => {
      const observation = structuredClone(observationOf(sample(observable), context))
      expectValidFhir(observation)
      change(observation)
      expect(fhirErrors(observation)).to.not.deep.equal([])
    })
  const quantity = (observation: Observation) => observation.valueQuantity ?? {}

  bites('a wrong unit', (o) => Object.assign(quantity(o), { code: 'bpm' }))
  bites('a unit without system', (o) => void delete quantity(o).system)
  bites('a missing value', (o) => void delete o.valueQuantity)
  bites('a value of another type', (o) => {
    delete o.valueQuantity
    o.valueString = '72'
  })
  bites('a missing status', (o) => Object.assign(o, { status: undefined }))
  bites('a status that is none', (o) => Object.assign(o, { status: 'done' }))
  bites('a missing subject', (o) => void delete o.subject)
  bites('a missing category', (o) => Object.assign(o, { category: [{ text: 'vital signs' }] }))
  bites('another code than the profile fixes', (o) => Object.assign(o.code, { coding: o.code.coding?.slice(1) }))
  bites('an unknown property', (o) => Object.assign(o, { pulse: 72 }))
  bites('an unknown profile', (o) => Object.assign(o, { meta: { profile: ['http://example.org/pulse'] } }))
  bites('an impossible date', (o) => Object.assign(o, { effectiveDateTime: '2026-13-40' }))
  bites('a vital sign over a Period (vs-1)', (o) => {
    delete o.effectiveDateTime
    o.effectivePeriod = { start: '2026-01-02T08:30:15.123Z', end: '2026-01-02T08:30:45.123Z' }
  })
  bites('a temperature in kelvin', (o) => Object.assign(quantity(o), { code: 'K' }), 'bodyTemperature')
  bites('a blood pressure without diastolic', (o) => void o.component?.pop(), 'bloodPressure')
  bites(
    'a blood pressure in kPa',
    (o) => Object.assign(o.component?.[0]?.valueQuantity ?? {}, { code: 'kPa' }),
    'bloodPressure',
  )
  bites(
    'a component without value or reason (vs-3)',
    (o) => void delete o.component?.[1]?.valueQuantity,
    'bloodPressure',
  )
  bites(
    'a waveform without period',
    (o) => Object.assign(o.valueSampledData ?? {}, { period: undefined }),
    'ecgWaveform',
  )
})

const value = fc.double({ min: -1e4, max: 1e4, noNaN: false })
const anyMeasurement: fc.Arbitrary<Measurement> = fc.constantFrom(...OBSERVABLES).chain((observable) => {
  const values = {
    quantity: fc.record({ type: fc.constant('quantity' as const), value }),
    bloodPressure: fc.record({ type: fc.constant('bloodPressure' as const), systolic: value, diastolic: value }),
    position: fc.record({
      type: fc.constant('position' as const),
      position: fc.constantFrom('supine', 'prone', 'left-lateral', 'right-lateral', 'upright', 'undefined'),
    }),
    waveform: fc.record({
      type: fc.constant('waveform' as const),
      periodMs: fc.double({ min: 0.1, max: 1000, noNaN: true }),
      origin: value,
      factor: value,
      lowerLimit: fc.constantFrom(0, -2048, Number.NEGATIVE_INFINITY),
      upperLimit: fc.constantFrom(1023, 2047, Number.POSITIVE_INFINITY),
      samples: fc.array(fc.option(fc.oneof(fc.integer({ min: -2048, max: 2047 }), fc.double())), { maxLength: 50 }),
    }),
    absent: fc.record({
      type: fc.constant('absent' as const),
      reason: fc.constantFrom('unknown', 'error', 'not-performed', 'temp-unknown'),
    }),
  }
  const at = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) })
  return fc.record({
    identifier: fc.uuid(),
    sensor: fc.constant(TERMINOLOGY[observable].sensor),
    observable: fc.constant(observable),
    deviceId: fc.constantFrom('kit-1', 'mqtt-cuff'),
    at,
    value: fc.oneof(values[TERMINOLOGY[observable].value], values.absent),
    quality: fc.constantFrom('good', 'questionable', 'implausible', 'missing'),
    remarks: fc.array(fc.constantFrom('probe-off', 'noisy'), { maxLength: 2 }),
  }) as fc.Arbitrary<Measurement>
})
