import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { SENSOR_KINDS } from '#fhir/measurement.js'
import { unconfirmedName } from '#gateway/clinical/evaluate/confirmation.js'
import { kebab } from '#gateway/clinical/evaluate/technical.js'
import { defaultFindings } from '#gateway/clinical/limits/findings.js'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { conditionWords, EXPLANATIONS, explanationOf, FAMILIES } from '#gateway/wording/explanations.js'

/** Names that the source gives to conditions of the gateway itself; of a template, what stands before its first part. */
function systemConditions(): string[] {
  const folder = join(packageRoot, 'gateway')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.flatMap((file) =>
    [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/condition(?::| =) (?:'([a-z0-9-]+)'|`([a-z0-9-]+)-\$\{)/g),
    ].map(([, name, prefix]) => name ?? `${prefix}-x`),
  )
}

describe('The explanations of conditions', () => {
  it('has one, whole, for each limit, finding and technical condition', () => {
    const technical = ['probe-off', 'sensor-fault', 'flat-line', 'silent'].flatMap((suffix) =>
      SENSOR_KINDS.map((sensor) => `${suffix}-${kebab(sensor)}`),
    )
    // A home's condition is named in two steps (gateway/clinic/home-record.ts).
    const homes = ['silent', 'stopped', 'unhealthy', 'clock-off', 'never-heard'].map((what) => `home-${what}-h-1`)
    const system = systemConditions().filter((condition) => condition !== 'home-x')
    expect(system).to.include.members([
      'alarms-inhibited',
      'not-monitored',
      'unmapped-overflow',
      'device-lost-x',
      'transport-disconnected-x',
    ])
    const all = [
      ...[...defaultLimits, ...defaultFindings].map(({ condition }) => condition),
      ...technical,
      ...system,
      ...homes,
      'silent-device-kit-1',
      ...defaultLimits.flatMap((limit) => (limit.confirm ? [unconfirmedName(limit.condition)] : [])),
      'repeat-blood-pressure',
    ]
    expect(all.filter((condition) => explanationOf(condition) === null)).to.deep.equal([])
  })

  it('says each thing in one sentence, names its source, and never diagnoses', () => {
    for (const [name, { words, means, notMeans, source }] of Object.entries({ ...EXPLANATIONS, ...FAMILIES })) {
      expect(words, name).to.match(/^[A-Z].{3,50}$/)
      for (const sentence of [means, notMeans]) {
        expect(sentence, name).to.match(/^[A-Z].*\.$/)
        expect(sentence, name).not.to.match(/diagnos|hypox|bradycard|tachycard|sepsis|infarct|heart attack/i)
      }
      expect(source.length, name).to.be.greaterThan(10)
    }
  })

  for (const [condition, words] of [
    ['low-oxygen-saturation', 'Low oxygen saturation'],
    ['probe-off-gsr', 'Probe off: skin conductance'],
    ['silent-body-temperature', 'Silent: temperature'],
    ['silent-device-kit-1', 'Silent: device kit-1'],
    ['flat-line-ecg', 'Flat line: ECG'],
    ['transport-disconnected-kit', 'Disconnected: kit'],
    ['unconfirmed-systolic-pressure-crisis', 'Not confirmed: systolic pressure crisis'],
    ['some-new-thing', 'Some new thing'],
  ] as const) {
    it(`${condition} is "${words}"`, () => {
      expect(conditionWords(condition)).to.equal(words)
    })
  }

  it('puts the sensor into the sentences of its family', () => {
    expect(explanationOf('probe-off-spo2')?.means).to.contain('(oxygen (SpO₂))')
    expect(explanationOf('probe-off')).to.equal(null)
    expect(explanationOf('constructor')).to.equal(null)
  })
})
