import { expect } from 'chai'
import fc from 'fast-check'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { Dice } from '#simulators/faults/dice.js'
import { fuzz } from '#simulators/faults/fuzz/fuzz-run.js'
import { mutate } from '#simulators/faults/fuzz/mutate.js'
import { shortcomings } from '#simulators/faults/result.js'
import { KitLines } from '#simulators/faults/site/kit-lines.js'

const INPUTS = 50_000

describe('fuzzed inputs', function () {
  this.timeout(120_000)

  it('are all accepted or refused, counted, and remembered no longer than needed', () => {
    const report = fuzz({ inputs: INPUTS, seed: 20_260_101 })
    expect(shortcomings({ kills: null, faults: [], fuzz: report })).to.deep.equal([])
    // The fuzzer reaches behind the first checks, and is no valid traffic either.
    for (const { received, accepted, refused } of [report.serial, report.mqtt]) {
      expect(received).to.equal(accepted + refused)
      expect(accepted).to.be.above(INPUTS / 20)
      expect(refused).to.be.above(INPUTS / 20)
    }
  })

  it('do the same again for the same seed', () => {
    const run = () => {
      const { serial, mqtt } = fuzz({ inputs: 500, seed: 7 })
      return { serial, mqtt }
    }
    expect(run()).to.deep.equal(run())
  })

  it('of MQTT, of any topic and any JSON, never throw', () => {
    const pipeline = new Pipeline({ patient: 'fuzz', limits: limitsInForce(), active: [], zoneOffsetMinutes: () => 0 })
    const sensor = fc.constantFrom('bloodPressure', 'glucose', 'spo2', 'position', 'ecg', '__proto__', 'constructor')
    const member = fc.constantFrom(
      'id',
      'at',
      'value',
      'unit',
      'systolic',
      'diastolic',
      'pulse',
      'position',
      '__proto__',
    )
    const topic = fc.oneof(
      fc.string({ unit: 'binary' }),
      sensor.map((name) => `homebeat/v1/device-1/${name}`),
    )
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .dictionary(member, fc.oneof(fc.double(), fc.string(), fc.constant(null)))
        .map((it) => Buffer.from(JSON.stringify(it))),
    )
    fc.assert(
      fc.property(topic, payload, (topic, payload) => {
        const frame = { format: 'mqtt-publish', transport: 'broker', receivedAt: 0, deviceId: 'device-1' } as const
        const step = pipeline.accept({ ...frame, topic, payload, settle: () => {} }, Date.UTC(2026, 0, 1))
        expect(step.received).to.equal(1)
        if (step.measurements.length > 0) expect(step.refused).to.equal(null)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('the fuzzer', () => {
  it('leaves the valid input as it is', () => {
    const valid = Buffer.from('!valid*0000\n')
    const dice = new Dice(1)
    for (let i = 0; i < 1000; i++) mutate(valid, valid, dice)
    expect(valid.toString()).to.equal('!valid*0000\n')
  })

  it('begins with lines that the gateway takes', () => {
    const pipeline = new Pipeline({ patient: 'fuzz', limits: limitsInForce(), active: [], zoneOffsetMinutes: () => 0 })
    const kit = new KitLines()
    const lines = [kit.boot(), ...Array.from({ length: 20 }, () => kit.tenth()).flat()]
    for (const line of lines) {
      const frame = { format: 'kit-line', transport: 'kit', receivedAt: 0, line: line.trimEnd() } as const
      expect(pipeline.accept({ ...frame, settle: () => {} }, 0), line).to.include({ refused: null, lost: 0 })
    }
  })
})
