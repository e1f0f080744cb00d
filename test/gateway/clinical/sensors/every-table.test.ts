/** Every kind of sensor, walked over every table that knows sensors: one that is forgotten somewhere shows here. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Measurement, OBSERVABLES, SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import { TERMINOLOGY } from '#fhir/terminology.js'
import { kebab } from '#gateway/clinical/evaluate/technical.js'
import { TRENDED } from '#gateway/clinical/scores/hourly.js'
import { isSensorKind, SENSORS, sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { observablesOf, unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { MQTT_CONTRACT } from '#gateway/intake/decode/mqtt-contract.js'
import { ucumOf } from '#gateway/intake/mapping/units.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { enterCommand } from '#gateway/surfaces/cli/enter.js'
import { tileValues } from '#gateway/surfaces/console/web/lib/live-store.js'
import { conditionWords, show } from '#gateway/wording/words.js'
import { homebeat } from '#test/support/run.js'

const fixture = <Content>(...path: string[]): Content =>
  JSON.parse(readFileSync(join(packageRoot, 'test', 'fixtures', ...path), 'utf8')) as Content

describe('the registry of sensors', () => {
  it('has the kinds that the terminology names, each once and in a place of its own', () => {
    expect(Object.keys(sensorDefinitions)).to.have.members([...SENSOR_KINDS])
    expect(new Set(SENSORS.map(({ order }) => order)).size).to.equal(SENSORS.length)
    expect(new Set(SENSORS.map(({ label }) => label)).size).to.equal(SENSORS.length)
    expect(isSensorKind('toString')).to.equal(false)
  })

  it('has a folder for each, and no other folder', () => {
    const folders = readdirSync(join(packageRoot, 'gateway', 'clinical', 'sensors'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    expect(folders).to.have.members(SENSOR_KINDS.map(kebab))
  })

  it('yields every observable, by the sensor that its terminology names first', () => {
    expect(SENSORS.flatMap(observablesOf)).to.have.members(OBSERVABLES)
    for (const definition of SENSORS)
      for (const observable of observablesOf(definition))
        expect(TERMINOLOGY[observable].sensor, observable).to.equal(definition.kind)
    for (const row of Object.values(TERMINOLOGY))
      for (const kind of Object.keys(row.mdcBySensor ?? {})) expect(isSensorKind(kind), kind).to.equal(true)
  })

  it('follows each trended number under one name', () => {
    expect(new Set(TRENDED.map(({ number }) => number)).size).to.equal(TRENDED.length)
    for (const { number, observable } of TRENDED) expect(observable, number).to.not.equal(undefined)
    // A pressure's two numbers are read by these names.
    expect(TRENDED.flatMap((row) => (row.observable === 'bloodPressure' ? row.number : []))).to.have.members([
      ...['systolic', 'diastolic'],
    ])
  })
})

for (const kind of SENSOR_KINDS)
  describe(`the sensor ${kind}`, () => {
    const definition = sensorDefinitions[kind]

    it('has a label, a short one, an icon, digits and a staleness', () => {
      expect(definition.kind).to.equal(kind)
      expect(definition.label).to.match(/^[A-Z]\S.+/)
      expect(definition.short).to.match(/^.{2,12}$/)
      expect(definition.icon).to.match(/^M[-MLHVCSQTAZmlhvcsqtaz\d. ]{20,}$/)
      expect(definition.digits).to.be.within(0, 2)
      expect(definition.staleAfterMs).to.be.at.least(30_000)
    })

    it('says whether its silence counts, and what it takes with it while it cannot be believed', () => {
      const { silentAfterMs, inhibits } = definition
      expect(silentAfterMs === null || silentAfterMs >= 30_000).to.equal(true)
      // A value that comes now and then is believed as it came.
      if (silentAfterMs === null) expect(inhibits).to.deep.equal([])
      for (const observable of inhibits) expect(OBSERVABLES).to.include(observable)
    })

    it('records in the unit of its terminology, from units that have a spelling', () => {
      const { quantity, derived, pressure } = definition
      for (const part of [quantity, derived, pressure])
        if (part) expect(Object.keys(part.units)).to.include(TERMINOLOGY[part.observable].unit)
      for (const unit of unitsOf(definition)) expect(ucumOf(unit), unit).to.equal(unit)
    })

    it('has a golden fixture and golden Observations', () => {
      const { measurements } = fixture<{ measurements: Measurement[] }>('pipeline', `${kind}.json`)
      expect(measurements.filter(({ sensor }) => sensor === kind)).to.have.length.above(0)
      const codes = fixture<{ code: { text: string } }[]>('fhir', 'observations.json').map(({ code }) => code.text)
      for (const observable of observablesOf(definition)) expect(codes).to.include(TERMINOLOGY[observable].text)
    })

    it('has a tile, in its place', () => {
      const tiles = tileValues(new Map()).map(({ sensor }) => sensor)
      expect(tiles.indexOf(kind)).to.equal(SENSORS.indexOf(definition))
    })

    it('has words for its technical alarms and its value', () => {
      const name = definition.label.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase())
      for (const condition of ['probe-off', 'sensor-fault', 'silent', 'flat-line'])
        expect(conditionWords(`${condition}-${kebab(kind)}`)).to.contain(name)
      const value = { sensor: kind, at: 0, value: 12.34, unit: '', quality: 'good', remarks: [] } as const
      expect(show(value, 0).text).to.equal((12.34).toFixed(definition.digits))
      expect(show(value, definition.staleAfterMs + 1).state).to.equal('stale')
    })

    it('has an MQTT payload and an example of it in the documents, or none at all', () => {
      expect(MQTT_CONTRACT.has(kind)).to.equal(definition.example !== null)
      const mqtt = readFileSync(join(packageRoot, 'docs', 'mqtt.md'), 'utf8')
      expect(mqtt.includes(`| \`${kind}\` `)).to.equal(definition.example !== null)
      if (definition.example)
        expect(MQTT_CONTRACT.get(kind)?.parse({ id: '1', ...definition.example })).to.include(definition.example)
    })

    it('is entered by hand where it says so', () => {
      const { entered } = definition
      const verbs = enterCommand().commands.map((command) => command.name())
      if (entered !== undefined) expect(verbs).to.include(entered)
      if (entered !== undefined) expect(definition.quantity, 'a number is what is entered').to.not.equal(undefined)
    })
  })

describe('homebeat map --dry-run', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-every-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('says what becomes of the example of every sensor', async () => {
    const examples = SENSORS.flatMap(({ kind, example }) =>
      example ? { topic: `homebeat/v1/device-1/${kind}`, payload: { id: '1', ...example } } : [],
    )
    const file = join(folder, 'examples.json')
    writeFileSync(file, JSON.stringify(examples))
    const { stdout, code } = await homebeat('map', '--dry-run', file, '--json')
    const trials = JSON.parse(stdout) as { outcome: string; measurements: Measurement[] }[]
    const seen: (SensorKind | undefined)[] = trials.map(({ measurements }) => measurements[0]?.sensor)
    expect(seen).to.deep.equal(SENSORS.filter(({ example }) => example).map(({ kind }) => kind))
    for (const { measurements } of trials)
      for (const { quality, observable } of measurements) expect(quality, observable).to.equal('good')
    expect(code).to.equal(0)
    const words = (await homebeat('map', '--dry-run', file)).stdout
    expect(words).to.match(/homebeat\/v1\/device-1\/bodyWeight\n {2}mapped by homebeat\/v1\n {4}bodyWeight 71\.4 kg, /)
  })
})
