import { expect } from 'chai'
import { SENSOR_KINDS } from '#fhir/measurement.js'
import { bodyTemperature, temperatureFromCounts } from '#gateway/clinical/sensors/body-temperature/definition.js'
import { bodyWeight } from '#gateway/clinical/sensors/body-weight/definition.js'
import { glucose } from '#gateway/clinical/sensors/glucose/definition.js'
import { conductanceFromCounts, gsr } from '#gateway/clinical/sensors/gsr/definition.js'
import { judgeAbsent, judgePressure, judgeQuantity } from '#gateway/clinical/sensors/judge.js'
import { KIT_SENSORS, sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { QuantityPart, SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

const judge = (definition: SensorDefinition, raw: number, unit: string) =>
  judgeQuantity(definition, definition.quantity as QuantityPart, raw, unit)

describe('sensor definitions', () => {
  it('leave no kit line without a sensor; the kit has ten', () => {
    const lines = new Set(SENSOR_KINDS.flatMap((kind) => [...sensorDefinitions[kind].kitLines]))
    expect([...lines]).to.have.members(['E', 'M', 'A', 'X', 'G', 'T', 'O', 'P', 'U'])
    expect(KIT_SENSORS).to.have.members([
      ...['pulse', 'spo2', 'airflow', 'bodyTemperature', 'ecg', 'glucose', 'gsr', 'bloodPressure', 'position', 'emg'],
    ])
  })

  // The published check values of the bridge; half counts where the table interpolates.
  for (const [celsius, counts] of [
    [25, 815],
    [35, 416.5],
    [36, 382.5],
    [37, 349],
    [38, 317],
    [39, 285],
    [40, 254],
    [42, 195.5],
  ] as const) {
    it(`turn ${counts} counts into ${celsius} °C`, () => {
      expect(temperatureFromCounts(counts)).to.be.closeTo(celsius, 0.03)
    })
  }

  it('see a broken temperature probe at the rails, and one off the skin below 27.5 °C', () => {
    expect(judge(bodyTemperature, 2, 'counts')).to.include({ status: 'fault', quality: 'missing' })
    expect(judge(bodyTemperature, 1020, 'counts')).to.include({ status: 'fault', quality: 'missing' })
    const off = judge(bodyTemperature, 815, 'counts')
    expect(off).to.deep.include({ status: 'off', value: { type: 'absent', reason: 'not-performed' } })
    expect(off.remarks).to.deep.equal(['probe-off'])
  })

  it('take degrees Fahrenheit, and take no offence at a cold reading that a thermometer sends', () => {
    expect(judge(bodyTemperature, 98.6, '[degF]').value).to.deep.equal({ type: 'quantity', value: 37 })
    expect(judge(bodyTemperature, 20, 'Cel')).to.include({ status: 'ok', quality: 'implausible' })
  })

  it('turn skin conductance counts into microsiemens, at most 1 being electrodes off', () => {
    expect(conductanceFromCounts(1023)).to.be.closeTo(90, 1e-9)
    // 0.75 V: 20 · (0.75 − 0.5) = 5 µS.
    expect(conductanceFromCounts(153.45)).to.be.closeTo(5, 1e-9)
    expect(judge(gsr, 112, 'counts').status).to.equal('off')
    expect(judge(gsr, 154, 'counts')).to.include({ status: 'ok', quality: 'good' })
  })

  it('turn mmol/L of glucose into mg/dL', () => {
    expect(judge(glucose, 5.5, 'mmol/L').value).to.deep.equal({ type: 'quantity', value: 99.1 })
  })

  it('tell possible, unlikely, beyond the range and impossible apart', () => {
    const said = (kind: keyof typeof sensorDefinitions, raw: number, unit: string) => {
      const { value, quality, remarks } = judge(sensorDefinitions[kind], raw, unit)
      return [value.type === 'quantity' ? `${value.comparator ?? ''}${value.value}` : value.type, quality, ...remarks]
    }
    expect(said('glucose', 601, 'mg/dL')).to.deep.equal(['>600', 'questionable', 'beyond-range'])
    expect(said('glucose', 9, 'mg/dL')).to.deep.equal(['<10', 'questionable', 'beyond-range'])
    expect(said('glucose', 8, 'mg/dL')).to.deep.equal(['8', 'implausible', 'out-of-range'])
    expect(said('spo2', 34, '%')).to.deep.equal(['34', 'questionable', 'unlikely'])
    expect(said('spo2', 101, '%')).to.deep.equal(['101', 'implausible', 'out-of-range'])
    expect(said('pulse', 22, '/min')).to.deep.equal(['22', 'questionable', 'unlikely'])
    expect(said('bodyTemperature', 26, 'Cel')).to.deep.equal(['26', 'questionable', 'unlikely'])
    // Every sensor's classes lie in each other.
    for (const { kind, quantity } of Object.values(sensorDefinitions)) {
      if (!quantity) continue
      const { possible, likely = possible, beyond = possible } = quantity
      expect(beyond.low <= possible.low && possible.low <= likely.low, kind).to.equal(true)
      expect(beyond.high >= possible.high && possible.high >= likely.high, kind).to.equal(true)
    }
  })

  it('turn pounds into kilograms, and keep what no adult weighs, marked', () => {
    expect(judge(bodyWeight, 157.6, '[lb_av]').value).to.deep.equal({ type: 'quantity', value: 71.49 })
    expect(judge(bodyWeight, 71.4, 'kg')).to.include({ status: 'ok', quality: 'good' })
    for (const kg of [4.2, 0, 301]) expect(judge(bodyWeight, kg, 'kg').quality, `${kg}`).to.equal('implausible')
  })

  it('keep an impossible blood pressure, marked', () => {
    const definition = sensorDefinitions.bloodPressure
    const part = definition.pressure
    if (!part) throw new Error('the cuff has no pressure part')
    const judgePair = (systolic: number, diastolic: number, unit = 'mm[Hg]') =>
      judgePressure(definition, part, { systolic, diastolic }, unit)
    expect(judgePair(119, 73)).to.include({ quality: 'good' })
    expect(judgePair(73, 119)).to.include({ quality: 'implausible' })
    expect(judgePair(16, 10.7, 'kPa').value).to.deep.equal({ type: 'bloodPressure', systolic: 120, diastolic: 80 })
  })

  it('keep the mean pressure that a cuff says, and the pressures where it cannot be', () => {
    const definition = sensorDefinitions.bloodPressure
    const { pressure } = definition
    if (!pressure) throw new Error('the cuff has no pressure part')
    const judged = (mean: number, unit = 'mm[Hg]') =>
      judgePressure(definition, pressure, { systolic: 20, diastolic: 12, mean, irregularPulse: true }, unit)
    const value = { type: 'bloodPressure', systolic: 150, diastolic: 90, irregularPulse: true }
    expect(judged(15, 'kPa')).to.deep.include({ value: { ...value, mean: 113 }, quality: 'good', remarks: [] })
    expect(judged(2047, 'kPa')).to.deep.include({ value, quality: 'good', remarks: ['mean-out-of-range'] })
  })

  it('never turn "not attached", "acquiring" or "fault" into a number', () => {
    for (const kind of SENSOR_KINDS) {
      for (const status of ['off', 'acquiring', 'fault'] as const) {
        const { value, quality, remarks } = judgeAbsent(sensorDefinitions[kind], status)
        expect(value.type).to.equal('absent')
        expect(quality).to.equal('missing')
        expect(remarks).to.have.length(1)
      }
    }
  })
})
