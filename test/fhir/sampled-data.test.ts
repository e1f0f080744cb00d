import { expect } from 'chai'
import fc from 'fast-check'
import { sampledData, type Waveform, waveformEnd, waveformOf } from '#fhir/sampled-data.js'

const ecg = (changes: Partial<Waveform> = {}): Waveform => ({
  type: 'waveform',
  periodMs: 4,
  origin: 0,
  factor: 5 / 1023,
  lowerLimit: 0,
  upperLimit: 1023,
  samples: [512, null, 0, -3],
  ...changes,
})

describe('SampledData', () => {
  it('writes samples with one space between them, and a lost one as E', () => {
    const data = sampledData(ecg(), 'V')
    expect(data?.data).to.equal('512 E 0 -3')
    expect(data?.period).to.equal(4)
    expect(data?.origin).to.deep.equal({ value: 0, unit: 'V', system: 'http://unitsofmeasure.org', code: 'V' })
  })

  it('reads back what it wrote, whatever the samples', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: -32768, max: 32767 })), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0.01, max: 1000, noNaN: true }),
        (samples, periodMs) => {
          const waveform = ecg({ samples, periodMs, unit: 'mV' })
          const data = sampledData(waveform, 'mV')
          if (!data) throw new Error('no data')
          expect(waveformOf(JSON.parse(JSON.stringify(data)))).to.deep.equal(waveform)
        },
      ),
    )
  })

  it('writes no exponent', () => {
    expect(sampledData(ecg({ samples: [1e-7, 0.25, -0] }), 'V')?.data).to.equal('0.0000001 0.25 0')
  })

  it('is nothing without samples or without a period', () => {
    expect(sampledData(ecg({ samples: [] }), 'V')).to.equal(null)
    expect(sampledData(ecg({ periodMs: 0 }), 'V')).to.equal(null)
  })

  it('refuses to read what is no decimal', () => {
    const data = sampledData(ecg(), 'V')
    if (!data) throw new Error('no data')
    expect(() => waveformOf({ ...data, data: '1  2' })).to.throw(TypeError)
    expect(() => waveformOf({ ...data, data: '1 x' })).to.throw(TypeError)
  })

  it('ends one period after its last sample', () => {
    expect(waveformEnd(1000, ecg({ samples: [1, 2, 3], periodMs: 1000 / 360 }))).to.equal(1008)
  })
})
