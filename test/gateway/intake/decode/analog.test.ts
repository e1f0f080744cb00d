import { expect } from 'chai'
import { AnalogDecoder } from '#gateway/intake/decode/analog.js'
import type { AnalogSamplesFrame } from '#gateway/model/transport.js'

const AT = Date.UTC(2026, 0, 1)
const frame = (changes: Partial<AnalogSamplesFrame> = {}): AnalogSamplesFrame => ({
  format: 'analog-samples',
  transport: 'uno',
  receivedAt: AT,
  clockMs: 1000,
  periodMs: 20,
  channels: [
    { sensor: 'ecg', samples: [1, null, 1023] },
    { sensor: 'gsr', samples: [4, 5, 6] },
  ],
  settle: () => {},
  ...changes,
})

describe('AnalogDecoder', () => {
  it('gives raw counts without a scale, placed by their first sample', () => {
    const { readings, refused } = new AnalogDecoder('chest').decode(frame())
    expect(refused).to.equal(null)
    expect(readings).to.deep.equal([
      {
        sensor: 'ecg',
        deviceId: 'chest',
        status: 'ok',
        at: AT - 60,
        clockMs: 1000,
        value: { type: 'samples', periodMs: 20, samples: [1, null, 1023] },
        remarks: ['below-diagnostic-rate'],
      },
      {
        sensor: 'gsr',
        deviceId: 'chest',
        status: 'ok',
        at: AT - 60,
        clockMs: 1000,
        value: { type: 'samples', periodMs: 20, samples: [4, 5, 6] },
        remarks: [],
      },
    ])
  })

  it('places late blocks on the board’s clock, not on their arrival', () => {
    const decoder = new AnalogDecoder('chest')
    decoder.decode(frame())
    const late = decoder.decode(frame({ clockMs: 1060, receivedAt: AT + 900 }))
    expect(late.readings[0]?.at).to.be.closeTo(AT, 1)
  })

  it('takes an accelerometer that never answered for broken, and leaves out what was lost', () => {
    const decoder = new AnalogDecoder('chest')
    const position = (acceleration: NonNullable<AnalogSamplesFrame['acceleration']>) =>
      decoder.decode(frame({ acceleration })).readings.at(-1)
    expect(position([null, null, null])).to.deep.include({
      sensor: 'position',
      status: 'fault',
      value: { type: 'none' },
    })
    expect(position([[0, 256, 0], null, [0, 255, 1]])).to.deep.include({
      status: 'ok',
      value: {
        type: 'acceleration',
        periodMs: 20,
        samples: [
          [0, 256, 0],
          [0, 255, 1],
        ],
      },
    })
  })

  for (const [name, changes] of Object.entries({
    'no period': { periodMs: 0 },
    'no time': { clockMs: Number.NaN },
    'no samples': { channels: [] },
    'channels of different length': { acceleration: [null] },
    'counts beyond 10 bits': { channels: [{ sensor: 'gsr', samples: [1024] }] },
    'counts below 0': { channels: [{ sensor: 'gsr', samples: [-1] }] },
    'parts of counts': { channels: [{ sensor: 'gsr', samples: [1.5] }] },
  } satisfies Record<string, Partial<AnalogSamplesFrame>>)) {
    it(`refuses a block with ${name}`, () => {
      const { readings, refused } = new AnalogDecoder('chest').decode(frame(changes))
      expect(readings).to.deep.equal([])
      expect(refused?.code).to.equal('decode.analog')
    })
  }
})
