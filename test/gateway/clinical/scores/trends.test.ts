import { expect } from 'chai'
import fc from 'fast-check'
import type { Measurement } from '#fhir/measurement.js'
import { HOUR_MS, type Hour, HourlyAggregates, KEPT_MS } from '#gateway/clinical/scores/hourly.js'
import { trends } from '#gateway/clinical/scores/trends.js'
import { journalAt, measurement, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'

const DAY_MS = 24 * HOUR_MS
/** A noon, UTC. */
const NOON = Date.UTC(2026, 0, 20, 12)
const UTC = () => 0

const judged = (over: Partial<Measurement>) => ({
  ...{ measurement: measurement('m', over), stored: true, spot: false, superseded: false },
})
const hour = (at: number, mean: number, number: Hour['number'] = 'pulse'): Hour => ({
  ...{ number, hour: at, count: 60, mean, min: mean, max: mean },
})
/** The same mean for each hour from `from` to `to`, so many days before noon's day. */
const hours = (day: number, from: number, to: number, mean: number): Hour[] =>
  Array.from({ length: to - from }, (_, index) =>
    hour(NOON - 12 * HOUR_MS - day * DAY_MS + (from + index) * HOUR_MS, mean),
  )

describe('what hours were', () => {
  it('is count, mean, lowest and highest of the values that can be believed', () => {
    const aggregates = new HourlyAggregates()
    const see = (value: number, over: Partial<Measurement> = {}) =>
      aggregates.see(judged({ at: NOON + 60_000, value: { type: 'quantity', value }, ...over }), NOON + HOUR_MS)
    see(60)
    see(80)
    see(0, { quality: 'implausible' })
    see(99, { value: { type: 'absent', reason: 'unknown' } })
    see(99, { at: NOON + 2 * HOUR_MS })
    see(99, { at: NOON - KEPT_MS })
    expect(aggregates.hours()).to.deep.equal([{ number: 'pulse', hour: NOON, count: 2, mean: 70, min: 60, max: 80 }])
  })

  it('has the mean of any values, without keeping them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 25, max: 250 }), { minLength: 1, maxLength: 200 }), (values) => {
        const aggregates = new HourlyAggregates()
        for (const value of values) aggregates.see(judged({ at: NOON, value: { type: 'quantity', value } }), NOON)
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length
        expect(aggregates.hours()[0]?.mean).to.be.closeTo(mean, 1e-9)
        expect(aggregates.hours()).to.have.length(1)
      }),
    )
  })

  it('is kept over a restart, and goes on; what is too old is forgotten', async () => {
    const folder = new TemporaryFolder()
    try {
      let journal = journalAt(folder.journal)
      await journal.start()
      const aggregates = new HourlyAggregates([hour(NOON - KEPT_MS - HOUR_MS, 60)])
      const pressure = { observable: 'bloodPressure' as const, sensor: 'bloodPressure' as const }
      aggregates.see(
        judged({ ...pressure, at: NOON, value: { type: 'bloodPressure', systolic: 140, diastolic: 80 } }),
        NOON,
      )
      journal.hourly.put([hour(NOON - KEPT_MS - HOUR_MS, 60)], 0)
      const changed = aggregates.changed(NOON)
      aggregates.see(
        judged({ ...pressure, at: NOON, value: { type: 'bloodPressure', systolic: 150, diastolic: 80 } }),
        NOON,
      )
      journal.hourly.put(changed, NOON - KEPT_MS)
      aggregates.kept(changed)
      expect(aggregates.changed(NOON), 'the second value came after').to.have.length(2)
      journal.hourly.put(aggregates.changed(NOON), NOON - KEPT_MS)
      await journal.stop()
      journal = journalAt(folder.journal)
      await journal.start()
      expect(journal.hourly.all()).to.have.deep.members([
        { number: 'systolic', hour: NOON, count: 2, mean: 145, min: 140, max: 150 },
        { number: 'diastolic', hour: NOON, count: 2, mean: 80, min: 80, max: 80 },
      ])
      expect(new HourlyAggregates(journal.hourly.all()).hours()).to.have.deep.members(aggregates.hours())
      await journal.stop()
    } finally {
      folder.remove()
    }
  })
})

describe('trends', () => {
  it('say what they compare with what', () => {
    const usual = [3, 4, 5, 6].flatMap((day, index) => hours(day, 6, 12, 70 + index))
    const [trend] = trends([...usual, ...hours(1, 8, 12, 74), ...hours(0, 8, 12, 88)], NOON + 60_000, UTC)
    expect(trend).to.deep.include({
      ...{ number: 'pulse', today: 88, yesterday: 74, unusual: true },
      ...{ from: NOON - 4 * HOUR_MS, to: NOON },
    })
    expect(trend?.usual).to.deep.equal({ median: 72, spread: 2, days: 5 })
    expect(trend?.words).to.equal(
      'mean pulse 08–12 today 88 /min, yesterday 74: 14 higher; usual at this time of day 72 ± 2 (5 days): outside of it; +0.0 an hour over the last 6 h',
    )
  })

  it('are not made of too little', () => {
    expect(trends([], NOON, UTC)).to.deep.equal([])
    expect(trends(hours(0, 11, 12, 88), NOON, UTC)).to.deep.equal([])
    const [few] = trends([...hours(0, 9, 12, 88), ...hours(1, 11, 12, 60), ...hours(3, 6, 12, 60)], NOON, UTC)
    expect(few).to.include({ today: 88, yesterday: null, usual: null, unusual: null, slope: null })
    expect(few?.words).to.equal('mean pulse 08–12 today 88 /min, yesterday not known; usual not known yet')
  })

  it('compare a night with nights, in the home’s own time', () => {
    const berlin = () => 60
    const past = [2, 3, 4].flatMap((day) => [...hours(day, 0, 5, 52), ...hours(day, 12, 17, 80)])
    const night = [...past, ...hours(0, 0, 5, 53)]
    const [atNight] = trends(night, NOON - 7 * HOUR_MS, UTC)
    expect(atNight?.usual?.median).to.equal(52)
    expect(atNight).to.include({ unusual: false })
    expect(trends(night, NOON - 7 * HOUR_MS, berlin)[0]?.words).to.match(/^mean pulse 02–06 today 53/)
  })

  it('give the slope of the last hours', () => {
    const rising = [70, 72, 74, 76, 78, 80].map((mean, index) => hour(NOON - (6 - index) * HOUR_MS, mean))
    const [trend] = trends(rising, NOON, UTC)
    expect(trend?.slope).to.be.closeTo(2, 1e-9)
    expect(trend?.words).to.match(/\+2\.0 an hour over the last 6 h$/)
  })

  it('compare days where a number is measured once a day, with the slope of a week', () => {
    const mornings = [71, 71.2, 70.9, 71.1, 72.4, 73.6].map((kg, index) =>
      hour(NOON - 4 * HOUR_MS - (5 - index) * DAY_MS, kg, 'weight'),
    )
    const [weight] = trends(mornings, NOON, UTC)
    expect(weight).to.deep.include({ number: 'weight', unit: 'kg', today: 73.6, yesterday: 72.4, unusual: true })
    expect(weight?.usual).to.deep.equal({ median: 71.1, spread: 1, days: 5 })
    expect(weight?.words).to.equal(
      'mean weight of the last 24 h 73.6 kg, the 24 h before 72.4: 1.2 higher; usual 71.1 ± 1.0 (5 days): outside of it; +0.48 a day over the last 7 days',
    )
    expect(trends(mornings, NOON + DAY_MS, UTC), 'nobody has stood on the scale today').to.deep.equal([])
  })

  it('are finite for any hours', () => {
    const any = fc.record({
      back: fc.integer({ min: 0, max: 400 }),
      mean: fc.double({ min: 0, max: 300, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(any), (some) => {
        const all = some.map(({ back, mean }) => hour(NOON - back * HOUR_MS, mean))
        for (const { words } of trends(all, NOON, UTC)) expect(words).to.not.match(/NaN|Infinity|null|undefined/)
      }),
    )
  })
})
