import { expect } from 'chai'
import type { LiveValue } from '#gateway/model/live.js'
import { ageWords, conditionWords, durationWords, laneWords, show, valueOfSamples } from '#gateway/wording/words.js'

const NOW = Date.UTC(2026, 0, 1, 12)
const value = (change: Partial<LiveValue>): LiveValue => ({
  sensor: 'pulse',
  at: NOW - 3000,
  value: 74.4,
  unit: '/min',
  quality: 'good',
  remarks: [],
  ...change,
})

describe('the words of the console', () => {
  it('show a number with its unit and age', () => {
    const shown = { kind: 'number', text: '74', unit: '/min', state: 'live', age: '3 s ago', notes: [] }
    expect(show(value({}), NOW)).to.deep.equal(shown)
    expect(show(value({ sensor: 'bodyTemperature', value: 36.66, unit: 'Cel' }), NOW)).to.include({
      text: '36.7',
      unit: '°C',
    })
    const pressure = value({ sensor: 'bloodPressure', value: { systolic: 134, diastolic: 81 }, unit: 'mm[Hg]' })
    expect(show(pressure, NOW)).to.include({ text: '134/81', unit: 'mmHg' })
    expect(show(value({ sensor: 'position', value: 'supine', unit: '' }), NOW)).to.include({ text: 'On the back' })
    expect(show(value({ sensor: 'glucose', value: 5.77, unit: 'mmol/L' }), NOW)).to.include({ text: '5.8' })
  })

  it('call a value stale when it is older than its sensor sends, or when the gateway is out of reach', () => {
    expect(show(value({ at: NOW - 30_000 }), NOW).state).to.equal('live')
    expect(show(value({ at: NOW - 30_001 }), NOW).state).to.equal('stale')
    expect(show(value({}), NOW, false).state).to.equal('stale')
    expect(show(value({ sensor: 'glucose', at: NOW - 3_600_000 }), NOW).state).to.equal('live')
  })

  it('never show a number where the sensor has none, and say why', () => {
    const off = value({ value: 0, quality: 'missing', remarks: ['probe-off'] })
    expect(show(off, NOW)).to.deep.include({ text: '–', unit: '', state: 'missing', notes: ['no value', 'probe off'] })
    expect(show(value({ at: null, value: null, quality: 'missing' }), NOW)).to.deep.include({
      text: '–',
      state: 'none',
      age: 'no reading',
      notes: [],
    })
    const doubtful = value({ quality: 'questionable', remarks: ['device-clock-unverified'] })
    expect(show(doubtful, NOW).notes).to.deep.equal(['use with care', 'device clock not verified'])
  })

  it('say durations in the largest unit that helps', () => {
    expect(ageWords(-5)).to.equal('now')
    expect(ageWords(3999)).to.equal('3 s ago')
    expect([89_000, 91_000, 5_399_000, 5_400_000, 200_000_000].map(durationWords)).to.deep.equal([
      '89 s',
      '1 min',
      '89 min',
      '1 h',
      '2 days',
    ])
  })

  it('say conditions and lanes in words', () => {
    expect(conditionWords('low-oxygen-saturation')).to.equal('Low oxygen saturation')
    expect(conditionWords('low-glucose')).to.equal('Low glucose')
    expect(conditionWords('probe-off-gsr')).to.equal('Probe off: skin conductance')
    expect(conditionWords('silent-body-temperature')).to.equal('Silent: temperature')
    expect(conditionWords('flat-line-ecg')).to.equal('Flat line: ECG')
    expect(conditionWords('poor-signal-airflow')).to.equal('Poor signal: breathing')
    expect(conditionWords('not-worn-position')).to.equal('Not worn: body position')
    expect(conditionWords('silent-device-kit-1')).to.equal('Silent: device kit-1')
    expect(laneWords('fhir:hospital')).to.equal('Records → hospital')
    expect(laneWords('other')).to.equal('other')
  })

  it('let samples say that a waveform sensor is alive, but never hide what it said itself', () => {
    const run = { type: 'samples', sensor: 'ecg', at: NOW, periodMs: 4, unit: 'V', samples: [1, 2] } as const
    const none = value({ sensor: 'ecg', at: null, value: null, quality: 'missing' })
    expect(valueOfSamples(undefined, run)).to.include({ sensor: 'ecg', at: NOW + 8, quality: 'good' })
    expect(valueOfSamples(none, run)).to.include({ at: NOW + 8 })
    expect(valueOfSamples({ ...none, at: NOW - 5000 }, run)).to.equal(null)
    expect(valueOfSamples(value({ sensor: 'airflow' }), run)).to.equal(null)
    expect(valueOfSamples(undefined, { ...run, samples: [null] })).to.equal(null)
  })
})
