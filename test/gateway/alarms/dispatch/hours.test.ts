import { expect } from 'chai'
import { isWithin, passed } from '#gateway/alarms/dispatch/hours.js'

const UTC = () => 0
const BERLIN_WINTER = () => 60
/** 2026-01-05 was a Monday. */
const monday = (hour: number, minute = 0) => Date.UTC(2026, 0, 5, hour, minute)
const tuesday = (hour: number, minute = 0) => Date.UTC(2026, 0, 6, hour, minute)

describe('alerts/dispatch/hours', () => {
  it('hold from their beginning to before their end, in the home’s own time', () => {
    const office = { from: '08:00', to: '17:00' }
    expect(isWithin(office, monday(8), UTC)).to.equal(true)
    expect(isWithin(office, monday(17), UTC)).to.equal(false)
    expect(isWithin(office, monday(7, 30), BERLIN_WINTER)).to.equal(true)
  })

  it('run over midnight, and belong to the day on which they begin', () => {
    const night = { from: '22:00', to: '07:00', days: [1] }
    expect(isWithin(night, monday(23), UTC)).to.equal(true)
    expect(isWithin(night, tuesday(6, 59), UTC)).to.equal(true)
    expect(isWithin(night, tuesday(7), UTC)).to.equal(false)
    expect(isWithin(night, monday(6), UTC)).to.equal(false)
    expect(isWithin(night, tuesday(23), UTC)).to.equal(false)
  })

  it('are the whole day where both ends are the same', () => {
    expect(isWithin({ from: '00:00', to: '00:00', days: [2] }, tuesday(13), UTC)).to.equal(true)
    expect(isWithin({ from: '00:00', to: '00:00', days: [2] }, monday(13), UTC)).to.equal(false)
  })

  it('say whether a time of day came between two looks', () => {
    expect(passed('08:00', monday(7, 59), monday(8), UTC)).to.equal(true)
    expect(passed('08:00', monday(8), monday(8, 1), UTC)).to.equal(false)
    expect(passed('08:00', monday(9), tuesday(7, 59), UTC)).to.equal(false)
    expect(passed('08:00', monday(9), tuesday(9), UTC)).to.equal(true)
    expect(passed('08:00', monday(9), monday(8), UTC)).to.equal(false)
    expect(passed('08:00', monday(6, 59), monday(7), BERLIN_WINTER)).to.equal(true)
  })
})
