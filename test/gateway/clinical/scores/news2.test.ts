import { expect } from 'chai'
import fc from 'fast-check'
import { describeNews2, NEWS2_DEFAULTS, type News2Inputs, news2 } from '#gateway/clinical/scores/news2.js'
import { NEWS2_CHART, type News2Row, pointsOf } from '#gateway/clinical/scores/news2-chart.js'
import { CONSCIOUSNESS_LEVELS } from '#gateway/model/manual-observation.js'

const NOW = Date.UTC(2026, 0, 2)
const HOUR_MS = 3_600_000

/** The chart as printed: from, to (both included, in the row's step), points. */
const PRINTED: Record<keyof typeof NEWS2_CHART, [number, number, number][]> = {
  respiration: [
    [0, 8, 3],
    [9, 11, 1],
    [12, 20, 0],
    [21, 24, 2],
    [25, 80, 3],
  ],
  spo2Scale1: [
    [35, 91, 3],
    [92, 93, 2],
    [94, 95, 1],
    [96, 100, 0],
  ],
  spo2Scale2OnAir: [
    [35, 83, 3],
    [84, 85, 2],
    [86, 87, 1],
    [88, 100, 0],
  ],
  spo2Scale2OnOxygen: [
    [35, 83, 3],
    [84, 85, 2],
    [86, 87, 1],
    [88, 92, 0],
    [93, 94, 1],
    [95, 96, 2],
    [97, 100, 3],
  ],
  systolic: [
    [40, 90, 3],
    [91, 100, 2],
    [101, 110, 1],
    [111, 219, 0],
    [220, 285, 3],
  ],
  pulse: [
    [20, 40, 3],
    [41, 50, 1],
    [51, 90, 0],
    [91, 110, 1],
    [111, 130, 2],
    [131, 250, 3],
  ],
  temperature: [
    [28, 35, 3],
    [35.1, 36, 1],
    [36.1, 38, 0],
    [38.1, 39, 1],
    [39.1, 44, 2],
  ],
}

const at = NOW - 1000
const WELL: News2Inputs = {
  respiration: { value: 16, at },
  oxygenSaturation: { value: 97, at },
  oxygen: { value: 'air', at },
  systolic: { value: 130, at },
  pulse: { value: 70, at },
  consciousness: { value: 'alert', at },
  temperature: { value: 36.8, at },
}

describe('NEWS2', () => {
  for (const [name, ranges] of Object.entries(PRINTED)) {
    const row: News2Row = NEWS2_CHART[name as keyof typeof NEWS2_CHART]
    it(`${name} scores every value of the printed chart`, () => {
      let checked = 0
      for (const [from, to, points] of ranges) {
        for (let n = Math.round(from / row.step); n <= Math.round(to / row.step); n++) {
          const value = n * row.step
          expect(pointsOf(row, value), `${name} ${value}`).to.equal(points)
          checked++
        }
      }
      const last = ranges.at(-1)?.[1] ?? 0
      expect(checked).to.equal(Math.round((last - (ranges[0]?.[0] ?? 0)) / row.step) + 1)
    })

    it(`${name} never scores less further away from normal`, () => {
      const normal = ranges.find(([, , points]) => points === 0) ?? [0, 0, 0]
      const middle = (normal[0] + normal[1]) / 2
      const number = fc.double({ min: 0, max: 300, noNaN: true })
      fc.assert(
        fc.property(number, number, (a, b) => {
          const sameSide = a >= middle === b >= middle
          const [near, far] = Math.abs(a - middle) <= Math.abs(b - middle) ? [a, b] : [b, a]
          return !sameSide || pointsOf(row, far) >= pointsOf(row, near)
        }),
      )
    })
  }

  it('rounds to the step of the chart, as a person would write it down', () => {
    expect(pointsOf(NEWS2_CHART.respiration, 8.4)).to.equal(3)
    expect(pointsOf(NEWS2_CHART.respiration, 8.6)).to.equal(1)
    expect(pointsOf(NEWS2_CHART.temperature, 38.04)).to.equal(0)
    expect(pointsOf(NEWS2_CHART.temperature, 38.06)).to.equal(1)
  })

  it('of a well person is 0, and complete', () => {
    const score = news2(WELL, NOW)
    expect(score).to.include({ total: 0, risk: 'low', complete: true })
    expect(describeNews2(score)).to.match(/^NEWS2 0 \(low\)\. Ages: respiration 1 s, .*temperature 1 s\.$/)
  })

  it('adds 2 for oxygen, and 3 for everything but alert', () => {
    expect(news2({ ...WELL, oxygen: { value: 'oxygen', at } }, NOW).total).to.equal(2)
    for (const value of CONSCIOUSNESS_LEVELS)
      expect(news2({ ...WELL, consciousness: { value, at } }, NOW).total, value).to.equal(value === 'alert' ? 0 : 3)
  })

  it('takes scale 2, and on it the oxygen, only where a clinician chose it', () => {
    const spo2 = (value: number, oxygen: 'air' | 'oxygen', scale: 1 | 2) =>
      news2({ ...WELL, oxygen: { value: oxygen, at }, oxygenSaturation: { value, at } }, NOW, {
        ...NEWS2_DEFAULTS,
        scale,
      }).parts.oxygenSaturation.points
    expect(spo2(90, 'air', 1)).to.equal(3)
    expect(spo2(90, 'air', 2)).to.equal(0)
    expect(spo2(98, 'air', 2)).to.equal(0)
    expect(spo2(98, 'oxygen', 2)).to.equal(3)
    expect(spo2(98, 'oxygen', 1)).to.equal(0)
  })

  it('risk goes by the total; a single 3 stands out', () => {
    const ill = (inputs: News2Inputs) => news2({ ...WELL, ...inputs }, NOW)
    expect(ill({ respiration: { value: 26, at } })).to.deep.include({ total: 3, risk: 'low', red: ['respiration'] })
    expect(ill({ respiration: { value: 26, at }, pulse: { value: 115, at } })).to.include({ total: 5, risk: 'medium' })
    expect(
      ill({ respiration: { value: 22, at }, pulse: { value: 115, at }, oxygenSaturation: { value: 93, at } }),
    ).to.deep.include({ total: 6, risk: 'medium', red: [] })
    expect(
      ill({ respiration: { value: 26, at }, oxygen: { value: 'oxygen', at }, pulse: { value: 115, at } }),
    ).to.include({ total: 7, risk: 'high' })
  })

  it('with gaps is a lower bound that says which', () => {
    const { temperature: _, consciousness: __, ...rest } = WELL
    const score = news2({ ...rest, respiration: { value: 26, at } }, NOW + 6 * 60_000)
    expect(score).to.deep.include({
      complete: false,
      missing: ['temperature'],
      assumed: ['consciousness'],
      stale: ['respiration', 'oxygenSaturation', 'pulse'],
      total: 0,
      totalWithStale: 3,
      red: [],
    })
    expect(describeNews2(score)).to.equal(
      'NEWS2 at least 0 (risk not known). Incomplete: temperature missing; respiration too old; oxygen saturation too old; pulse too old; consciousness assumed alert. Ages: respiration 6 min, oxygen saturation 6 min, air or oxygen 6 min, systolic pressure 6 min, pulse 6 min.',
    )
  })

  it('names no band that more data could raise', () => {
    const without = (...names: (keyof News2Inputs)[]) =>
      Object.fromEntries(
        Object.entries(WELL).filter(([name]) => !names.includes(name as keyof News2Inputs)),
      ) as News2Inputs
    const risk = (inputs: News2Inputs, options = NEWS2_DEFAULTS) => news2(inputs, NOW, options).risk
    // One gap that could be a single 3, which asks for more than a low score does.
    for (const name of Object.keys(WELL) as (keyof News2Inputs)[])
      if (name !== 'oxygen') expect(risk(without(name)), name).to.equal(null)
    // Oxygen alone can add 2 points, and no single 3.
    expect(risk(without('oxygen'))).to.equal('low')
    const three = { ...without('oxygen'), pulse: { value: 115, at }, temperature: { value: 38.5, at } }
    expect(news2(three, NOW)).to.include({ total: 3, risk: null })
    // On scale 2 the oxygen decides what 97 % is worth.
    const scale2 = { ...NEWS2_DEFAULTS, scale: 2 as const }
    expect(risk(without('oxygen'), scale2)).to.equal(null)
    expect(risk(WELL, scale2)).to.equal('low')
    // Nothing can raise a high score; a medium one can be raised by one gap.
    const ill = { respiration: { value: 26, at }, pulse: { value: 135, at }, systolic: { value: 95, at } }
    expect(risk({ ...without('temperature'), ...ill })).to.equal('high')
    expect(risk({ ...without('temperature'), ...ill, systolic: { value: 120, at } })).to.equal(null)
    expect(risk({ ...WELL, ...ill, systolic: { value: 120, at } })).to.equal('medium')
  })

  it('names no band that any value of what is missing would raise, for any inputs', () => {
    const bands = ['low', 'medium', 'high']
    const value = (low: number, high: number) =>
      fc.integer({ min: low, max: high }).map((number) => ({ value: number, at }))
    const anyInputs = fc.record({
      ...{ respiration: value(4, 40), oxygenSaturation: value(70, 100), systolic: value(70, 240) },
      ...{ pulse: value(30, 160), temperature: value(33, 41) },
      oxygen: fc.constantFrom({ value: 'air' as const, at }, { value: 'oxygen' as const, at }),
      consciousness: fc.constantFrom(...CONSCIOUSNESS_LEVELS).map((level) => ({ value: level, at })),
    })
    fc.assert(
      fc.property(
        anyInputs,
        fc.subarray(Object.keys(WELL) as (keyof News2Inputs)[]),
        fc.constantFrom(1, 2),
        (full, gone, scale) => {
          const options = { ...NEWS2_DEFAULTS, scale } as const
          const known = Object.fromEntries(
            Object.entries(full).filter(([name]) => !gone.includes(name as keyof News2Inputs)),
          )
          const said = news2(known, NOW, options)
          const truth = news2(full, NOW, options)
          expect(truth.risk).to.not.equal(null)
          if (said.risk === null) return
          expect(bands.indexOf(truth.risk ?? '')).to.be.at.most(bands.indexOf(said.risk))
          if (said.risk === 'low' && said.red.length === 0) expect(truth.red).to.deep.equal([])
        },
      ),
    )
  })

  it('keeps each input for as long as its own age limit says, and not a millisecond longer', () => {
    for (const parameter of Object.keys(NEWS2_DEFAULTS.maxAgeMs) as (keyof News2Inputs)[]) {
      const limit = NEWS2_DEFAULTS.maxAgeMs[parameter]
      expect(news2(WELL, at + limit).parts[parameter].state, parameter).to.equal('measured')
      expect(news2(WELL, at + limit + 1).parts[parameter].state, parameter).to.be.oneOf(['stale', 'assumed'])
    }
  })

  it('assumes oxygen for a patient on long-term oxygen, and alert for nobody who was entered as not', () => {
    const { oxygen: _, ...rest } = WELL
    const score = news2(rest, NOW, { ...NEWS2_DEFAULTS, assumedOxygen: 'oxygen' })
    expect(score).to.deep.include({ total: 2, assumed: ['oxygen'], complete: false })
    const confused = news2({ ...WELL, consciousness: { value: 'confusion', at: NOW - 13 * HOUR_MS } }, NOW)
    expect(confused.parts.consciousness).to.include({ state: 'assumed', value: 'alert', points: 0 })
  })

  it('never counts more with fewer inputs', () => {
    const value = fc.double({ min: 0, max: 250, noNaN: true }).map((number) => ({ value: number, at }))
    const inputs = fc.record(
      { respiration: value, oxygenSaturation: value, systolic: value, pulse: value },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(inputs, (some) => {
        const { pulse: _, ...fewer } = some
        const all = news2(some, NOW)
        return !all.complete && news2(fewer, NOW).total <= all.total && all.total <= all.totalWithStale
      }),
    )
  })
})
