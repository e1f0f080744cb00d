/** One golden file per sensor: lines of a kit, or messages of its own device, in; stored Measurements out. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type Measurement, SENSOR_KINDS } from '#fhir/measurement.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { mqttFrame, T0, TestKit } from './frames.js'

interface Golden {
  /** `[type, kit ms of the first sample, body]`; each arrives as soon as it can. */
  readonly lines?: readonly (readonly [string, number, string])[]
  /** `[topic, ms, payload]` of a sensor that the kit does not have. */
  readonly messages?: readonly (readonly [string, number, object])[]
  readonly measurements: readonly Measurement[]
}

describe('golden lines and messages of each sensor', () => {
  for (const kind of SENSOR_KINDS) {
    it(`give the Measurements of ${kind}`, () => {
      const file = new URL(`../../fixtures/pipeline/${kind}.json`, import.meta.url)
      const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden
      const pipeline = new Pipeline({ patient: 'patient-1', limits: limitsInForce(), active: [] })
      const kit = new TestKit(T0)
      const steps = [pipeline.accept(kit.boot(), T0)]
      for (const [type, ms, body] of golden.lines ?? []) steps.push(pipeline.accept(kit.frame(type, ms, body), T0 + ms))
      for (const [topic, ms, payload] of golden.messages ?? [])
        steps.push(pipeline.accept(mqttFrame(topic, JSON.stringify(payload), T0 + ms), T0 + ms))
      steps.push(pipeline.flush(T0 + 60_000))
      expect(steps.map(({ refused }) => refused).filter(Boolean)).to.deep.equal([])
      expect(steps.flatMap(({ measurements }) => measurements)).to.deep.equal(golden.measurements)
    })
  }
})
