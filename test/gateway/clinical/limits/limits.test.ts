import { expect } from 'chai'
import { crosses, defaultLimits, isSafe, limitGroups, limitsInForce } from '#gateway/clinical/limits/limits.js'
import { HomebeatError } from '#gateway/platform/errors.js'

const row = (condition: string) => {
  const found = defaultLimits.find((limit) => limit.condition === condition)
  if (!found) throw new Error(condition)
  return found
}
const short = (condition: string) => {
  const { comparator, value, priority, component } = row(condition)
  return `${component} ${comparator} ${value} ${priority}`
}

describe('the default limits', () => {
  it('are those of the clinical facts', () => {
    expect(short('low-oxygen-saturation')).to.equal('value <= 88 high')
    expect(short('reduced-oxygen-saturation')).to.equal('value <= 91 medium')
    expect(short('critically-low-oxygen-saturation')).to.equal('value < 85 high')
    expect(short('low-pulse-rate')).to.equal('value <= 40 high')
    expect(short('reduced-pulse-rate')).to.equal('value < 50 medium')
    expect(short('high-pulse-rate')).to.equal('value > 130 high')
    expect(short('elevated-pulse-rate')).to.equal('value > 110 medium')
    expect(short('low-respiratory-rate')).to.equal('value <= 8 high')
    expect(short('high-respiratory-rate')).to.equal('value >= 25 high')
    expect(short('no-breath')).to.equal('secondsSinceBreath >= 20 high')
    expect(short('low-body-temperature')).to.equal('value <= 35 high')
    expect(short('elevated-body-temperature')).to.equal('value >= 38 medium')
    expect(short('high-body-temperature')).to.equal('value >= 39.1 high')
    expect(short('low-glucose')).to.equal('value < 54 high')
    expect(short('reduced-glucose')).to.equal('value < 70 medium')
    expect(short('elevated-glucose')).to.equal('value > 250 medium')
    expect(short('high-glucose')).to.equal('value > 300 high')
    expect(short('systolic-pressure-crisis')).to.equal('systolic > 180 high')
    expect(short('diastolic-pressure-crisis')).to.equal('diastolic > 120 high')
    expect(short('low-systolic-pressure')).to.equal('systolic <= 90 high')
    expect(defaultLimits).to.have.length(20)
  })

  it('have unique stable names, a source, and an end on the safe side', () => {
    expect(new Set(defaultLimits.map(({ condition }) => condition)).size).to.equal(defaultLimits.length)
    for (const limit of defaultLimits) {
      expect(limit.condition).to.match(/^[a-z]+(-[a-z]+)*$/)
      expect(limit.source, limit.condition).to.not.equal('')
      expect(crosses(limit.comparator, limit.clearAt, limit.value), limit.condition).to.equal(false)
      expect(isSafe(limit, limit.clearAt), limit.condition).to.equal(true)
    }
  })

  it('of one number and direction are ordered from the worst', () => {
    const names = limitGroups(defaultLimits).map((group) => group.map(({ condition }) => condition))
    expect(names).to.deep.include([
      'critically-low-oxygen-saturation',
      'low-oxygen-saturation',
      'reduced-oxygen-saturation',
    ])
    expect(names).to.deep.include(['high-pulse-rate', 'elevated-pulse-rate'])
  })
})

describe('a patient’s own limits', () => {
  const find = (overrides: Parameters<typeof limitsInForce>[0], condition: string) =>
    limitsInForce(overrides).find((limit) => limit.condition === condition)

  it('change what they name and move the end of the episode along', () => {
    expect(find({ 'low-oxygen-saturation': { value: 86 } }, 'low-oxygen-saturation')).to.include({
      value: 86,
      clearAt: 88,
    })
    const own = { 'low-oxygen-saturation': { value: 86, clearAt: 87, delaySeconds: 30 } }
    expect(find(own, 'low-oxygen-saturation')).to.include({ value: 86, clearAt: 87, delaySeconds: 30 })
    expect(limitsInForce(own)).to.have.length(defaultLimits.length)
  })

  it('choose how long without a breath is an alarm, from 10 to 40 s; a breath ends it all the same', () => {
    expect(find({ 'no-breath': { value: 10 } }, 'no-breath')).to.include({ value: 10, clearAt: 5 })
    expect(find({ 'no-breath': { value: 40 } }, 'no-breath')).to.include({ value: 40, clearAt: 5 })
    for (const value of [9, 41]) {
      expect(() => limitsInForce({ 'no-breath': { value } }))
        .to.throw(HomebeatError)
        .with.property('code', 'limits.range')
    }
  })

  it('switch one off', () => {
    expect(find({ 'elevated-pulse-rate': { enabled: false } }, 'elevated-pulse-rate')).to.equal(undefined)
  })

  it('with an unknown name are refused with the names there are', () => {
    expect(() => limitsInForce({ 'low-spo2': { value: 88 } }))
      .to.throw(HomebeatError, /low-spo2.*low-oxygen-saturation/)
      .with.property('code', 'limits.unknown')
  })

  it('that could never end are refused', () => {
    expect(() => limitsInForce({ 'high-pulse-rate': { clearAt: 140 } }))
      .to.throw(HomebeatError)
      .with.property('code', 'limits.clear-at')
  })
})
