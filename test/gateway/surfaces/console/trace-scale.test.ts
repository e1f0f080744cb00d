import { expect } from 'chai'
import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import { leastSpanOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { type Range, scaleOf } from '#gateway/surfaces/console/web/lib/trace-scale.js'

/** How much of the panel's height a line takes up, from 0 to 1. */
const share = (seen: Range, scale: Range | null) => (scale ? (seen.max - seen.min) / (scale.max - scale.min) : 0)
const around = (middle: number, span: number): Range => ({ min: middle - span / 2, max: middle + span / 2 })
const definition = (kind: string) => SENSORS.find((one) => one.kind === kind) as (typeof SENSORS)[number]

describe('The scale of a trace', () => {
  it('has a floor in the sensor’s own unit, for every sensor with a waveform', () => {
    const drawn = SENSORS.filter(({ waveform }) => waveform)
    expect(drawn).to.have.length(3)
    for (const sensor of drawn)
      expect(leastSpanOf(sensor, sensor.waveform?.scale.unit ?? ''), sensor.kind).to.be.above(0)
  })

  // Noise: a few counts of the converter (5 V, 1023), or 30 µV of a recording.
  for (const [what, kind, unit, noise] of [
    ['a standstill of the heart, from the kit', 'ecg', 'V', 4 * (5 / 1023)],
    ['a standstill of the heart, from a recording', 'ecg', 'mV', 0.03],
    ['a standstill of the heart, in µV', 'ecg', 'uV', 30],
    ['an apnoea', 'airflow', '1', 3 / 1023],
    ['a muscle at rest', 'emg', 'V', 4 * (5 / 1023)],
  ] as const)
    it(`draws ${what} as a flat line`, () => {
      const least = leastSpanOf(definition(kind), unit)
      const seen = around(2.5, noise)
      expect(share(seen, scaleOf(seen, least, null)))
        .to.be.above(0)
        .and.below(0.05)
      // Also after a beat or a breath has made it wide.
      const wide = scaleOf(around(2.5, 4 * least), least, null)
      expect(share(seen, scaleOf(seen, least, wide) ?? wide)).to.be.below(0.05)
    })

  it('still fills the panel with a beat and with a breath', () => {
    for (const [kind, unit, span] of [
      ['ecg', 'V', 1.3],
      ['ecg', 'mV', 1.3],
      ['airflow', '1', 0.4],
    ] as const) {
      const seen = around(0.5, span)
      expect(share(seen, scaleOf(seen, leastSpanOf(definition(kind), unit), null)), kind).to.be.above(0.75)
    }
    const shallow = around(0.1, 12 / 1023)
    expect(share(shallow, scaleOf(shallow, leastSpanOf(definition('airflow'), '1'), null))).to.be.above(0.08)
  })

  it('widens at once, narrows when most of it lies unused, and stays where it fits', () => {
    const now = scaleOf(around(0, 4), 1, null)
    expect(scaleOf(around(0, 3), 1, now)).to.equal(null)
    expect(scaleOf(around(0, 6), 1, now)?.max).to.be.above(3)
    expect(scaleOf(around(0, 1.5), 1, now)?.max).to.be.below(1)
    expect(scaleOf(around(0, 0.001), 3, now)).to.equal(null)
  })
})
