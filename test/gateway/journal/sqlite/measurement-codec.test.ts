import { expect } from 'chai'
import fc from 'fast-check'
import type { Measurement } from '#fhir/measurement.js'
import { decodeMeasurement, encodeMeasurement } from '#gateway/journal/sqlite/measurement-codec.js'

const base: Omit<Measurement, 'value'> = {
  identifier: 'kit-1-p-ecgWaveform-20260101T120000000Z',
  sensor: 'ecg',
  observable: 'ecgWaveform',
  deviceId: 'kit-1',
  at: 1_767_268_800_000,
  quality: 'good',
  remarks: ['gap'],
}
const scale = { type: 'waveform', periodMs: 8, origin: -2.5, factor: 0.005, lowerLimit: 0, upperLimit: 1023 } as const
const waveform = (samples: readonly (number | null)[]): Measurement => ({ ...base, value: { ...scale, samples } })

describe('A measurement as a row', () => {
  it('comes back as it was, whatever its samples are', () => {
    const numbers = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    )
    fc.assert(
      fc.property(fc.array(fc.option(numbers)), fc.option(fc.nat(), { nil: undefined }), (samples, until) => {
        const one = {
          ...waveform(samples.map((n) => (Object.is(n, -0) ? 0 : n))),
          ...(until !== undefined && { until }),
        }
        expect(decodeMeasurement(encodeMeasurement(one))).to.deep.equal(one)
      }),
    )
  })

  it('is refused with a number that JSON cannot keep, wherever it stands', () => {
    const bad: Measurement[] = [Number.NaN, Number.POSITIVE_INFINITY].flatMap((number) => [
      { ...waveform([1]), at: number },
      { ...waveform([1]), until: number },
      { ...waveform([1]), value: { ...scale, factor: number, samples: [1] } },
      waveform([1, null, number]),
      { ...waveform([]), value: { type: 'quantity', value: number } },
    ])
    for (const one of bad) expect(() => encodeMeasurement(one)).to.throw(/no finite number/)
  })
})
