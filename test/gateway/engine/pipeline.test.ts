import { expect } from 'chai'
import type { Measurement } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { BRIDGE, temperatureFromCounts } from '#gateway/clinical/sensors/body-temperature/definition.js'
import { Pipeline, type PipelineOptions } from '#gateway/engine/pipeline.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { eventFrame, mqttFrame, pack, T0, TestKit, waveformFrame } from './frames.js'

const pipelineOf = (options: Partial<PipelineOptions> = {}) =>
  new Pipeline({ patient: 'patient-1', limits: limitsInForce(), active: [], ...options })
const briefly = (steps: readonly PipelineStep[]) =>
  steps.flatMap(({ transitions }) => transitions.map(({ condition, state }) => `${condition} ${state}`))

/** One line of the oximeter each second, and a tick. */
function oximeter(pipeline: Pipeline, kit: TestKit, from: number, to: number, body: string): PipelineStep[] {
  const steps = []
  for (let s = from; s < to; s++) {
    steps.push(pipeline.accept(kit.frame('O', s * 1000, body), T0 + s * 1000))
    steps.push(pipeline.tick(T0 + s * 1000 + 500))
  }
  return steps
}

describe('the pipeline', () => {
  it('raises one alert in one episode, stores the value that caused it, and clears it once', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const steps = [
      ...oximeter(pipeline, kit, 0, 20, 'o,72,97'),
      ...oximeter(pipeline, kit, 20, 60, 'o,72,87'),
      ...oximeter(pipeline, kit, 60, 70, 'o,72,97'),
    ]
    expect(briefly(steps)).to.deep.equal(['low-oxygen-saturation active', 'low-oxygen-saturation cleared'])
    const stored = new Set(steps.flatMap(({ measurements }) => measurements.map(({ identifier }) => identifier)))
    const transitions = steps.flatMap((step) => step.transitions)
    for (const { measurement } of transitions) expect(stored.has(measurement ?? '')).to.equal(true)
    expect(transitions[0]).to.include({ raisedAt: T0 + 35_000, value: 87, kind: 'physiological' })
  })

  it('also stores the cause when a tick completes the delay', () => {
    const pipeline = pipelineOf({ limits: limitsInForce({ 'low-oxygen-saturation': { delaySeconds: 3.2 } }) })
    const kit = new TestKit()
    const steps = oximeter(pipeline, kit, 0, 4, 'o,72,87')
    const raising = steps.find(({ transitions }) => transitions.length > 0)
    expect(raising?.received).to.equal(0)
    expect(raising?.measurements.map(({ identifier }) => identifier)).to.deep.equal([
      raising?.transitions[0]?.measurement,
    ])
  })

  it('does not raise an episode a second time after a restart', () => {
    const first = pipelineOf()
    const kit = new TestKit()
    const raised = oximeter(first, kit, 0, 18, 'o,72,87').flatMap(({ transitions }) => transitions)
    expect(raised).to.have.length(1)
    const second = pipelineOf({ active: raised })
    expect(briefly(oximeter(second, kit, 20, 60, 'o,72,87'))).to.deep.equal([])
    const cleared = oximeter(second, kit, 60, 62, 'o,72,97').flatMap(({ transitions }) => transitions)
    expect(cleared[0]).to.include({ state: 'cleared', alertId: raised[0]?.alertId })
  })

  it('clears what was active under a limit that no longer is', () => {
    const active: AlertTransition = {
      alertId: 'old-1',
      condition: 'elevated-pulse-rate',
      kind: 'physiological',
      priority: 'medium',
      state: 'active',
      at: T0,
      raisedAt: T0,
    }
    const limits = limitsInForce({ 'elevated-pulse-rate': { enabled: false } })
    const pipeline = pipelineOf({ active: [active], limits })
    expect(pipeline.tick(T0 + 1000).transitions[0]).to.include({ alertId: 'old-1', state: 'cleared' })
    expect(pipeline.tick(T0 + 2000).transitions).to.deep.equal([])
  })

  it('says that a probe is off, and meanwhile nothing of the patient', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const steps = [
      ...oximeter(pipeline, kit, 0, 5, 'o,72,97'),
      ...oximeter(pipeline, kit, 5, 10, 'o,72,80'),
      ...oximeter(pipeline, kit, 10, 40, 'n,,'),
    ]
    // Saturation was below 85 for just under its delay when the clip came off.
    expect(briefly(steps)).to.deep.equal([
      'lost-while-falling-spo2 active',
      'probe-off-pulse active',
      'probe-off-spo2 active',
    ])
    expect(briefly(oximeter(pipeline, kit, 40, 42, 'o,72,97'))).to.have.members([
      'lost-while-falling-spo2 cleared',
      'probe-off-pulse cleared',
      'probe-off-spo2 cleared',
    ])
  })

  it('lets a clip that searches for a second not hold an alarm up', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const steps = []
    for (let s = 0; s < 32; s += 2) {
      steps.push(...oximeter(pipeline, kit, s, s + 1, 'o,72,87'), ...oximeter(pipeline, kit, s + 1, s + 2, 'a,,'))
    }
    expect(briefly(steps)).to.include('low-oxygen-saturation active')
  })

  it('never takes an impossible value for the patient’s: the probe is to be looked at', () => {
    const pipeline = pipelineOf()
    expect(briefly(oximeter(pipeline, new TestKit(), 0, 60, 'o,511,127'))).to.deep.equal([
      'check-probe-pulse active',
      'check-probe-spo2 active',
    ])
  })

  it('tells a silent sensor from a silent kit and from a line that is gone', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const steps: PipelineStep[] = [pipeline.accept(eventFrame('connected'), T0)]
    const run = (from: number, to: number, types: string) => {
      for (let s = from; s < to; s++) {
        if (types.includes('T')) steps.push(pipeline.accept(kit.frame('T', s * 1000, 'o,349'), T0 + s * 1000))
        if (types.includes('O')) steps.push(pipeline.accept(kit.frame('O', s * 1000, 'o,72,97'), T0 + s * 1000))
        steps.push(pipeline.tick(T0 + s * 1000))
      }
      return briefly(steps.splice(0))
    }
    expect(run(0, 10, 'TO')).to.deep.equal([])
    expect(run(10, 45, 'O')).to.deep.equal(['silent-body-temperature active'])
    expect(run(45, 46, 'TO')).to.deep.equal(['silent-body-temperature cleared'])
    expect(run(46, 90, '')).to.deep.equal(['silent-device-kit-1 active'])
    expect(run(90, 91, 'TO')).to.deep.equal(['silent-device-kit-1 cleared'])
    steps.push(pipeline.accept(eventFrame('disconnected', T0 + 91_000), T0 + 91_000))
    expect(run(91, 200, '')).to.deep.equal(['transport-disconnected-kit-1 active'])
    steps.push(pipeline.accept(eventFrame('connected', T0 + 200_000), T0 + 200_000))
    expect(run(200, 210, 'TO')).to.deep.equal(['transport-disconnected-kit-1 cleared'])
  })

  it('does not take the going of one device for the loss of its broker', () => {
    const pipeline = pipelineOf()
    const gone = { ...eventFrame('disconnected'), deviceId: 'cuff' }
    expect(briefly([pipeline.accept(gone, T0), pipeline.tick(T0 + 60_000)])).to.deep.equal([])
  })

  it('takes a short loss of the line and the end of a recording for what they are', () => {
    const pipeline = pipelineOf()
    const steps = [
      pipeline.accept(eventFrame('disconnected'), T0),
      pipeline.tick(T0 + 4000),
      pipeline.accept(eventFrame('connected', T0 + 4500), T0 + 4500),
      pipeline.tick(T0 + 20_000),
      pipeline.accept(eventFrame('ended', T0 + 21_000), T0 + 21_000),
      pipeline.tick(T0 + 100_000),
    ]
    expect(briefly(steps)).to.deep.equal([])
  })

  it('alarms on a cuff’s newest record only, and not again when the memory is read again', () => {
    const dump = (pipeline: Pipeline, at: number) => {
      const kit = new TestKit(T0 + at)
      return [
        pipeline.accept(kit.frame('H', 0, 'end,cuff,2,0'), T0 + at),
        pipeline.accept(kit.frame('P', 100, 'o,0,2026-01-01T11:30,223,121,90'), T0 + at + 100),
        pipeline.accept(kit.frame('P', 200, 'o,1,2026-01-01T11:50,190,85,70'), T0 + at + 200),
      ]
    }
    const pipeline = pipelineOf()
    const steps = dump(pipeline, 0)
    expect(briefly(steps)).to.deep.equal(['repeat-blood-pressure active'])
    expect(briefly(dump(pipeline, 60_000))).to.deep.equal([])
    // Also by another process, which has only the journal to know it by.
    const stored = new Set(steps.flatMap(({ measurements }) => measurements.map(({ identifier }) => identifier)))
    const next = pipelineOf({ stored: (identifier) => (stored.has(identifier) ? 'gone' : null) })
    const again = dump(next, 120_000)
    expect(briefly(again)).to.deep.equal([])
    expect(
      again.flatMap(({ measurements }) => measurements).every(({ identifier }) => stored.has(identifier)),
    ).to.equal(true)
  })

  it('keeps and alarms on another record of the same time, whichever number the memory gives it now', () => {
    const pipeline = pipelineOf()
    let at = 0
    const dump = (...records: string[]) => {
      at += 60_000
      const kit = new TestKit(T0 + at)
      return [
        pipeline.accept(kit.frame('H', 0, `end,cuff,${records.length},0`), T0 + at),
        ...records.map((record, i) =>
          pipeline.accept(kit.frame('P', 100 + i, `o,${i},2026-01-01T11:30,${record}`), T0 + at + 100 + i),
        ),
      ]
    }
    const kept = new Set<string>()
    const news = (steps: PipelineStep[]) =>
      steps.flatMap(({ measurements }) =>
        measurements.flatMap(({ identifier, value }) => {
          if (value.type !== 'bloodPressure' || kept.has(identifier)) return []
          kept.add(identifier)
          return `${value.systolic}/${value.diastolic}`
        }),
      )
    // A cuff whose clock begins anew with each battery.
    expect(news(dump('121,80,70', '122,81,70'))).to.deep.equal(['121/80', '122/81'])
    expect(news(dump('121,80,70', '122,81,70'))).to.deep.equal([])
    const crisis = dump('122,81,70', '223,121,90')
    expect(news(crisis)).to.deep.equal(['223/121'])
    expect(briefly(crisis)).to.include('systolic-pressure-crisis active')
    const again = dump('223,121,90')
    expect(news(again)).to.deep.equal([])
    expect(briefly(again)).to.deep.equal([])
  })

  it('lets a stored pulse of hours ago not end an alarm of the clip', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    expect(briefly(oximeter(pipeline, kit, 0, 15, 'o,150,97'))).to.deep.equal(['high-pulse-rate active'])
    const step = pipeline.accept(kit.frame('P', 15_100, 'o,0,2026-01-01T09:00,120,80,70'), T0 + 15_100)
    expect(briefly([step])).to.deep.equal([])
    expect(pipeline.values().find(({ sensor }) => sensor === 'pulse')?.value).to.equal(150)
  })

  describe('values of one identity', () => {
    const PRESSURE = 'homebeat/v1/cuff-1/bloodPressure'
    const at = new Date(T0).toISOString()
    const pressure = (systolic: number, diastolic: number, stamp: object) =>
      mqttFrame(PRESSURE, JSON.stringify({ ...stamp, systolic, diastolic, unit: 'mm[Hg]' }))
    const stored = (...steps: PipelineStep[]) => {
      const byIdentifier = new Map(
        // As the journal does it: what is there stays.
        steps.flatMap(({ measurements }) => measurements.map((one) => [one.identifier, one] as const)).reverse(),
      )
      return [...byIdentifier.values()].reverse()
    }
    for (const [what, stamp] of [
      ['a time', { at }],
      ['an id that a counter gave again', { id: '1' }],
    ] as const) {
      it(`are each kept and alarmed on where they differ, by ${what}; the same again is a redelivery`, () => {
        const pipeline = pipelineOf()
        const steps = [
          pipeline.accept(pressure(121, 80, stamp), T0),
          pipeline.accept(pressure(226, 126, stamp), T0 + 1000),
          pipeline.accept(pressure(121, 80, stamp), T0 + 2000),
          pipeline.accept(pressure(226, 126, stamp), T0 + 3000),
        ]
        expect(briefly(steps.slice(0, 2))).to.include('repeat-blood-pressure active')
        expect(briefly(steps.slice(2))).to.deep.equal([])
        const kept = stored(...steps)
        expect(kept.map(({ value }) => value)).to.deep.equal([
          { type: 'bloodPressure', systolic: 121, diastolic: 80 },
          { type: 'bloodPressure', systolic: 226, diastolic: 126 },
        ])
        expect(kept.map(({ remarks }) => remarks.includes('identity-conflict'))).to.deep.equal([false, true])
      })

      it(`leave the name to the real one where the first is impossible, by ${what}`, () => {
        const pipeline = pipelineOf()
        const steps = [pressure(0, 0, stamp), pressure(226, 126, stamp)].map((frame) => pipeline.accept(frame, T0))
        expect(briefly(steps)).to.include('repeat-blood-pressure active')
        const real = pipelineOf().accept(pressure(226, 126, stamp), T0).measurements[0]
        expect(stored(...steps).map(({ identifier }) => identifier))
          .to.have.length(2)
          .and.include(real?.identifier)
      })

      it(`are recognised by what is stored, in a batch or not, by ${what}`, () => {
        const first = pipelineOf().accept(pressure(121, 80, stamp), T0).measurements[0] as Measurement
        const observation = canonicalJson(observationOf(first, { patient: 'patient-1', home: 'home-1' }))
        for (const content of [{ measurement: first }, { observation }]) {
          const build = () => pipelineOf({ stored: (name) => (name === first.identifier ? content : null) })
          const again = build().accept(pressure(121, 80, stamp), T0)
          expect(again.measurements.map(({ identifier }) => identifier)).to.deep.equal([first.identifier])
          const other = build().accept(pressure(226, 126, stamp), T0)
          expect(other.measurements[0]?.identifier)
            .to.match(/\.\d+$/)
            .and.not.equal(first.identifier)
          expect(briefly([again])).to.deep.equal([])
          expect(briefly([other])).to.include('repeat-blood-pressure active')
        }
      })
    }
  })

  it('keeps and judges a value whose identity is of long ago, and does not call it a conflict', () => {
    const frame = mqttFrame('homebeat/v1/meter-1/glucose', '{"id":"1","value":2.5,"unit":"mmol/L"}')
    const before = 'meter-1-patient-1-bloodGlucose-id.1'
    const pipeline = pipelineOf({ stored: (name) => (name === before ? 'gone' : null) })
    const steps = [pipeline.accept(frame, T0), pipeline.accept(frame, T0 + 1000)]
    expect(briefly(steps)).to.deep.equal(['low-glucose active'])
    const names = new Set(steps.flatMap(({ measurements }) => measurements.map(({ identifier }) => identifier)))
    expect([...names]).to.have.length(1)
    expect(names.has(before)).to.equal(false)
    expect(steps[0]?.measurements[0]?.remarks).to.deep.equal(['identity-reused'])
  })

  it('stores every MQTT message, and gives a redelivered one the same identifier', () => {
    const pipeline = pipelineOf()
    const frame = mqttFrame('homebeat/v1/meter-1/glucose', '{"id":"42","value":2.5,"unit":"mmol/L"}')
    const first = pipeline.accept(frame, T0)
    expect(first.measurements.map(({ identifier }) => identifier)).to.deep.equal([
      'meter-1-patient-1-bloodGlucose-id.42',
    ])
    expect(briefly([first])).to.deep.equal(['low-glucose active'])
    const second = pipeline.accept(frame, T0 + 5000)
    expect(second.measurements[0]?.identifier).to.equal(first.measurements[0]?.identifier)
    expect(briefly([second])).to.deep.equal([])
    expect(pipeline.accept(mqttFrame('homebeat/v1/meter-1/glucose', '{}'), T0).refused?.code).to.equal('decode.payload')
  })

  it('keeps a value that came after its expiry, alarms on it never, and shows it not as the latest', () => {
    const glucose = (id: string, value: number, expiresMs: number) => {
      const expires = new Date(T0 + expiresMs).toISOString()
      const payload = JSON.stringify({ id, value, unit: 'mmol/L', expires })
      return mqttFrame('homebeat/v1/meter-1/glucose', payload)
    }
    const pipeline = pipelineOf()
    pipeline.accept(glucose('1', 5.5, 60_000), T0)
    const late = pipeline.accept(glucose('2', 2.5, -1), T0)
    expect(late.measurements.map(({ quality, remarks }) => [quality, ...remarks])).to.deep.equal([
      ['questionable', 'expired'],
    ])
    expect(briefly([late, pipeline.tick(T0 + 1000)])).to.deep.equal([])
    expect(pipeline.values().find(({ sensor }) => sensor === 'glucose')?.value).to.equal(99.1)
    expect(briefly([pipeline.accept(glucose('3', 2.5, 60_000), T0)])).to.deep.equal(['low-glucose active'])
  })

  it('passes a recording through sample by sample, in its own scale, in the same chunks each time', () => {
    const samples = Array.from({ length: 360 * 25 }, (_, i) => (i === 5000 ? null : (i * 37) % 2048))
    const play = (size: number) => {
      const pipeline = pipelineOf()
      const steps = []
      for (let i = 0; i < samples.length; i += size) {
        const at = Math.round(T0 + (i * 1000) / 360)
        steps.push(pipeline.accept(waveformFrame({ at, samples: samples.slice(i, i + size) }), at))
      }
      steps.push(pipeline.accept(eventFrame('ended', T0 + 25_000, 'replay'), T0 + 25_000))
      return steps.flatMap(({ measurements }) => measurements).filter(({ value }) => value.type === 'waveform')
    }
    const measurements = play(360)
    expect(measurements.map(({ at }) => at - T0)).to.deep.equal([0, 10_000, 20_000])
    const got = measurements.flatMap(({ value }) => (value.type === 'waveform' ? value.samples : []))
    expect(got).to.deep.equal(samples)
    expect(measurements[0]?.value).to.include({ unit: 'mV', origin: -5.12, factor: 0.005, upperLimit: 2047 })
    expect(play(77)).to.deep.equal(measurements)
  })

  it('draws samples in physical units and shows an age that is true', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const { live } = pipeline.accept(kit.frame('E', 0, `o,4000,${pack([0, 1023, 4095])}`), T0)
    expect(live[0]).to.deep.equal({
      type: 'samples',
      sensor: 'ecg',
      at: T0,
      periodMs: 4,
      unit: 'V',
      samples: [0, 5, null],
    })
    expect(live[1]).to.deep.include({ type: 'value' })
    const shown = oximeter(pipeline, kit, 1, 4, 'o,72,97').flatMap((step) => step.live)
    const ages = shown.flatMap((event) =>
      event.type === 'value' && event.value.sensor === 'spo2' ? [event.value.at] : [],
    )
    expect(ages).to.deep.equal([T0 + 1000, T0 + 2000, T0 + 3000])
    expect(oximeter(pipeline, kit, 4, 5, 'n,,').flatMap((step) => step.live)).to.deep.include({
      type: 'value',
      value: { sensor: 'spo2', at: T0 + 4000, value: null, unit: '%', quality: 'missing', remarks: ['probe-off'] },
    })
  })

  it('closes the ECG’s chunk when the kit changes to EMG, boots, goes silent or the line goes', () => {
    const ecg = `o,4000,${pack([500, 600])}`
    const closed = (close: (pipeline: Pipeline, kit: TestKit) => PipelineStep) => {
      const pipeline = pipelineOf()
      const kit = new TestKit()
      pipeline.accept(kit.frame('E', 0, ecg), T0)
      return close(pipeline, kit).measurements.map(({ observable }) => observable)
    }
    const emg = `o,4000,${pack([500])}`
    expect(closed((p, kit) => p.accept(kit.frame('M', 100, emg), T0 + 100))).to.deep.equal(['ecgWaveform'])
    expect(closed((p, kit) => p.accept(kit.boot(), T0 + 100))).to.deep.equal(['ecgWaveform'])
    expect(closed((p) => p.tick(T0 + 10_100))).to.deep.equal(['ecgWaveform'])
    expect(closed((p) => p.accept(eventFrame('disconnected', T0 + 1), T0 + 1))).to.deep.equal(['ecgWaveform'])
    expect(closed((p) => p.flush(T0 + 1))).to.deep.equal(['ecgWaveform'])
    expect(closed((p) => p.tick(T0 + 9000))).to.deep.equal([])
  })

  // The kit infers "off" from a trace without movement; a heart that stands still looks the same, and comes first.
  for (const status of ['o', 'n']) {
    it(`calls a trace without any movement flat, and raises it, where the kit says "${status}"`, () => {
      const pipeline = pipelineOf()
      const kit = new TestKit()
      const steps = []
      for (let i = 0; i < 200; i++) {
        const body = `${status},4000,${pack(Array.from({ length: 25 }, () => 512))}`
        steps.push(pipeline.accept(kit.frame('E', i * 100, body), T0 + i * 100))
      }
      expect(briefly(steps)).to.deep.equal(['flat-line-ecg active'])
      expect(steps.flatMap(({ transitions }) => transitions)[0]).to.include({ priority: 'high' })
      const chunks = steps.flatMap(({ measurements }) => measurements).filter(({ value }) => value.type === 'waveform')
      expect(chunks[0]).to.deep.include({
        quality: 'questionable',
        remarks: ['flat-line'],
      })
    })
  }

  it('takes the constants that a kit hands over, from the next reading on, and for this kit alone', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const read = (type: string, ms: number, body: string) =>
      pipeline.accept(kit.frame(type, ms, body), T0 + ms).measurements.map(({ value }) => value)
    const nominal = read('T', 0, 'o,349')
    expect(nominal).to.deep.equal([{ type: 'quantity', value: 37.01 }])
    read('C', 100, 'temp-vref,2900')
    read('C', 110, 'skin-zero,600')
    const [warm] = read('T', 10_000, 'o,349')
    const expected = temperatureFromCounts(349, { ...BRIDGE, referenceVolts: 2.9 })
    expect(expected).to.be.below(36.8)
    expect(warm?.type === 'quantity' && warm.value).to.be.closeTo(expected, 0.01)
    const [skin] = read('G', 10_100, `o,250000,${pack([205, 205, 205, 205])}`)
    expect(skin?.type === 'quantity' && skin.value).to.be.closeTo(20 * ((205 * 5) / 1023 - 0.6), 0.01)
  })

  it('calls a trace at a rail an electrode that is off, not a flat line', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const steps = []
    for (let i = 0; i < 200; i++) {
      const body = `n,4000,${pack(Array.from({ length: 25 }, () => 0))}`
      steps.push(pipeline.accept(kit.frame('E', i * 100, body), T0 + i * 100))
    }
    expect(briefly(steps)).to.deep.equal(['probe-off-ecg active'])
  })

  it('raises when breathing stops for 20 s', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const steps = []
    for (let s = 0; s < 60; s++) {
      const counts = Array.from({ length: 25 }, (_, i) => {
        const phase = (((s + i / 25) * 15) / 60) % 1
        return s < 30 && phase < 0.45 ? Math.round(20 + 300 * Math.sin((phase / 0.45) * Math.PI)) : 20
      })
      const now = T0 + s * 1000 + 1000
      steps.push(pipeline.accept(kit.frame('A', s * 1000, `o,40000,${pack(counts)}`, 1000), now))
    }
    const raised = steps.flatMap(({ transitions }) => transitions)
    expect(raised.map(({ condition }) => condition)).to.deep.equal(['no-breath'])
    expect(raised[0]?.value).to.be.within(20, 21)
    const rates = steps.flatMap(({ measurements }) => measurements).filter((m) => m.observable === 'respiratoryRate')
    expect(rates.at(-1)).to.deep.include({ quality: 'missing', remarks: ['no-breath'] })
  })

  it('counts each line once: received, refused or lost', () => {
    const pipeline = pipelineOf()
    const kit = new TestKit()
    const steps = [pipeline.accept(kit.boot(), T0)]
    kit.skip(2)
    steps.push(pipeline.accept(kit.frame('T', 1000, 'o,349'), T0 + 1000))
    steps.push(pipeline.accept(eventFrame('refused', T0 + 2000), T0 + 2000))
    expect(steps.map(({ received, lost, refused }) => [received, lost, refused?.count ?? 0])).to.deep.equal([
      [1, 0, 0],
      [1, 2, 0],
      [0, 0, 3],
    ])
  })
})
