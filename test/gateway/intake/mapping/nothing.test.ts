import { expect } from 'chai'
import type { Measurement } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { EXTENSIONS } from '#fhir/systems.js'
import { Normaliser } from '#gateway/clinical/normalise/normaliser.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { decodeMqtt } from '#gateway/intake/decode/mqtt.js'
import { parseMappingFile, shippedTemplates } from '#gateway/intake/mapping/load.js'
import { Mapper } from '#gateway/intake/mapping/mapper.js'
import type { Reading } from '#gateway/model/reading.js'
import { T0 } from '#test/gateway/engine/frames.js'
import { expectValidFhir } from '#test/support/fhir-validator.js'

const UNITS = { spo2: '%', pulse: 'bpm', bodyTemperature: 'Cel', glucose: 'mg/dL', bodyWeight: 'kg' } as const
type Sensor = keyof typeof UNITS
const SENSORS = Object.keys(UNITS) as Sensor[]

const NOTHING = [
  ...['', ' '],
  ...['null', 'NULL', 'None', 'none', 'unavailable', 'unknown', 'undefined', 'N/A', '#N/A', 'nil', '-', '--', '---'],
  ...['nan', 'NaN', '-nan', '-nan(ind)', 'inf', '-inf', '+Inf', 'Infinity', '1.#INF', '1.#QNAN'],
]

const message = (payload: string) => ({
  ...{ topic: 'x', receivedAt: T0, deviceId: 'bridge' },
  payload: Buffer.from(payload),
})

function mapped(sensor: Sensor, value: string, payload: string) {
  const rule = `{ name: r, topic: x, readings: [{ sensor: ${sensor}, value: ${value}, unit: { fixed: "${UNITS[sensor]}" } }] }`
  const file = parseMappingFile(`templates: [{ template: t, title: t, rules: [${rule}] }]`, 'test.yaml')
  return new Mapper({ templates: file.templates, devices: {} }).map(message(payload))
}

/** What leaves the home of a reading. */
function leaving(readings: readonly Reading[]) {
  const normaliser = new Normaliser({ patient: 'p-1' })
  return readings
    .flatMap((reading) => normaliser.accept(reading, T0).judged)
    .map(({ measurement }) => observation(measurement))
}

function observation(measurement: Measurement) {
  const made = observationOf(measurement, { patient: 'p-1', home: 'home-1' })
  // obs-6: a reason is there only where a value is not.
  expectValidFhir(made)
  return made
}

const reasonOf = (made: ReturnType<typeof observation>) => made.dataAbsentReason?.coding?.[0]?.code

describe('A message that says nothing', () => {
  for (const sensor of SENSORS)
    it(`of a ${sensor} is a technical state, and leaves with its reason and without a number`, () => {
      for (const word of NOTHING)
        for (const [value, payload] of [
          ['payload', word],
          ['payload', `"${word}"`],
          ['{ pointer: /v }', `{"v":"${word}","t":1}`],
          ['{ pointer: /v }', `{"v":${word.trim() || null},"t":1}`],
        ] as const) {
          const of = mapped(sensor, value, payload)
          const readings = of.outcome === 'mapped' ? of.readings : []
          expect(readings, payload).to.have.length(1)
          expect(readings[0], payload).to.deep.include({ status: 'acquiring', value: { type: 'none' } })
          for (const made of leaving(readings)) {
            expect(reasonOf(made), payload).to.be.a('string')
            expect(made, payload).to.not.have.any.keys('valueQuantity', 'interpretation')
          }
        }
    })

  it('that has nothing where the value should be becomes no reading', () => {
    for (const sensor of SENSORS)
      for (const payload of ['{}', '[]', '{"w":1}'])
        for (const value of ['payload', '{ pointer: /v }'])
          expect(mapped(sensor, value, payload).outcome, JSON.stringify(payload)).to.equal('unmapped')
  })

  it('on a topic of a device’s state is no reading of the shipped templates', () => {
    const mapper = new Mapper({ templates: shippedTemplates(), devices: {} })
    for (const topic of [
      'tele/t/LWT',
      'tele/t/STATE',
      'stat/t/RESULT',
      'n/status',
      'home/g/LWT',
      'homeassistant/status',
    ])
      for (const payload of ['online', 'offline', '', 'null', '{"Uptime":"0T00:00:05","Wifi":{"RSSI":-127}}'])
        expect(mapper.map({ ...message(payload), topic }).outcome, `${topic} ${payload}`).to.not.equal('mapped')
  })

  it('by the contract’s own topics is refused with its reason', () => {
    for (const { example, kind } of Object.entries(sensorDefinitions).map(([kind, { example }]) => ({ kind, example })))
      for (const value of ['null', '"unavailable"', '"nan"', '""', 'NaN', 'Infinity', '1e999']) {
        const topic = `homebeat/v1/cuff/${kind}`
        const said = JSON.stringify({ id: '1', ...example })
          .replace(/:(-?[\d.]+)/g, `:${value}`)
          .replace(/:"supine"/, `:${value}`)
        const frame = { ...message(said), topic, deviceId: 'cuff', format: 'mqtt-publish', transport: 't' } as const
        const { readings, refused } = decodeMqtt({ ...frame, settle: () => {} })
        expect(
          readings.flatMap((reading) => (reading.status === 'ok' ? [reading] : [])),
          said,
        ).to.deep.equal([])
        expect(refused, said).to.not.equal(undefined)
      }
  })
})

describe('A number that cannot be', () => {
  const CANNOT_BE: [Sensor, number][] = [
    ...([-127, 85, 65535, -999] as const).map((number): [Sensor, number] => ['bodyTemperature', number]),
    ...([-999, -1, 127, 255, 65535] as const).map((number): [Sensor, number] => ['spo2', number]),
    ...([0, -1, 65535] as const).map((number): [Sensor, number] => ['pulse', number]),
    ...([-1, 65535] as const).map((number): [Sensor, number] => ['glucose', number]),
    ...([-127, 65535] as const).map((number): [Sensor, number] => ['bodyWeight', number]),
  ]
  it('leaves without a value, with the reason that there is none and the number beside it', () => {
    for (const [sensor, number] of CANNOT_BE) {
      const of = mapped(sensor, 'payload', String(number))
      const [made] = leaving(of.outcome === 'mapped' ? of.readings : [])
      expect(made, `${sensor} ${number}`).to.not.equal(undefined)
      if (!made) continue
      expect(made, `${sensor} ${number}`).to.not.have.any.keys('valueQuantity', 'interpretation', 'referenceRange')
      const said = made.extension?.find(({ url }) => url === EXTENSIONS.implausibleValue)?.valueQuantity
      expect([reasonOf(made), said?.value], `${sensor} ${number}`).to.deep.equal(['error', number])
    }
  })
})
