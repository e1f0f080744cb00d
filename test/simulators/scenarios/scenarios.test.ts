import { expect } from 'chai'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readFirmware } from '#simulators/board/virtual-kit.js'
import { loadScenario, parseScenario } from '#simulators/scenarios/load.js'
import { line, toJson } from '#simulators/scenarios/report.js'
import { runScenario } from '#simulators/scenarios/runner.js'
import { shippedScenarios } from '#simulators/scenarios/shipped.js'
import { judge } from '#simulators/scenarios/verdict.js'
import { VirtualClock } from '#simulators/scenarios/virtual-clock.js'

const NAMES = [
  'apnoea',
  'artefact',
  'asystole',
  'brown-out',
  'cable-pulled',
  'clock-drift',
  'desaturation',
  'fall',
  'fever',
  'hypertensive-crisis',
  'hypoglycaemia',
  'irregular-rhythm',
  'lead-off',
  'line-noise',
  'probe-off',
  'quiet-day',
]
const fileOf = (name: string) => shippedScenarios().find((file) => file.endsWith(`/${name}.yaml`)) as string

const MINIMAL = 'name: mine\nduration: 20\nexpect: {}\n'

function refusal(text: string): HomebeatError {
  try {
    parseScenario(text, 'mine.yaml')
  } catch (error) {
    return error as HomebeatError
  }
  throw new Error('was accepted')
}

describe('Scenario files', () => {
  it('are sixteen, each valid, named as its file, with something to say', () => {
    expect(shippedScenarios().map((file) => loadScenario(file).name)).to.deep.equal(NAMES)
    for (const name of NAMES) {
      const scenario = loadScenario(fileOf(name))
      expect(scenario.description, name).to.have.length.above(20)
      expect(scenario.expect.notRaised, name).to.deep.equal(['*'])
    }
  })

  it('have defaults: the steady patient, seed 1, and nothing may be raised', () => {
    const scenario = parseScenario(MINIMAL)
    expect(scenario.patient.script ?? 'steady').to.equal('steady')
    expect(scenario.seed).to.equal(1)
    expect(scenario.expect.notRaised).to.deep.equal(['*'])
  })

  it('are refused with all their problems in one line', () => {
    const error = refusal(`
name: My Scenario
duration: 20
patient: { script: steady, vitals: { spo2: [[10, 96], [5, 90]] }, colour: green }
events:
  - { at: 30, detach: heart }
  - { at: 5 }
  - { at: 5, detach: ecg, attach: ecg }
expect:
  raised: [{ condition: low oxygen, within: 10 }]
`)
    expect(error).to.be.instanceOf(HomebeatError)
    expect(error.code).to.equal('usage.scenario')
    expect(error.message).to.not.include('\n')
    for (const part of ['mine.yaml', 'name:', 'patient.vitals.spo2', 'colour', 'events.0', 'events.1', 'events.2'])
      expect(error.message, part).to.include(part)
    expect(error.message).to.include('expect.raised.0.condition')
  })

  it('are refused for what only the whole can show', () => {
    const error = refusal(`
name: mine
duration: 20
patient: { script: dancing }
events: [{ at: 20, detach: ecg }]
expect:
  raised: [{ condition: no-breath, within: 30 }, { condition: low-glucose, after: 9, within: 9 }]
  notRaised: [no-breath]
`)
    for (const part of ['dancing', 'events.0.at', 'raised.0.within', '"after" below', 'both in raised'])
      expect(error.message, part).to.include(part)
    expect(refusal('name: [').message).to.include('problem')
    expect(refusal('a: &x 1\nb: *x\n').message).to.include('aliases')
    expect(() => loadScenario('/does/not/exist.yaml')).to.throw(HomebeatError, '/does/not/exist.yaml')
  })
})

describe('Scenario verdicts', () => {
  const raised = [
    { condition: 'low-oxygen-saturation', at: 30 },
    { condition: 'probe-off-spo2', at: 40 },
    { condition: 'low-oxygen-saturation', at: 60 },
  ]
  const expectation = (part: object) =>
    parseScenario(`${MINIMAL.replace('expect: {}', '')}expect: ${JSON.stringify(part)}`).expect
  const verdict = (part: object) => judge(expectation(part), raised)

  it('pass when everything expected came in its time and nothing else', () => {
    const ok = { raised: [{ condition: 'low-oxygen-saturation', within: 20 }] }
    const early = judge(expectation(ok), [{ condition: 'low-oxygen-saturation', at: 15 }])
    expect(early).to.deep.equal({ passed: true, raised: ['low-oxygen-saturation'], missed: [], unexpected: [] })
  })

  it('name what was missed: never raised, too late, too early', () => {
    expect(verdict({ raised: [{ condition: 'no-breath', within: 20 }], allowed: ['*'] }).missed).to.deep.equal([
      'no-breath',
    ])
    const late = verdict({ raised: [{ condition: 'low-oxygen-saturation', within: 20 }], allowed: ['*'] })
    expect(late.missed).to.deep.equal(['low-oxygen-saturation'])
    const early = judge(expectation({ raised: [{ condition: 'low-glucose', after: 10, within: 20 }] }), [
      { condition: 'low-glucose', at: 5 },
      { condition: 'low-glucose', at: 15 },
    ])
    expect(early).to.include({ passed: false }).and.to.have.property('unexpected').that.deep.equals(['low-glucose'])
  })

  it('name what was not to be raised, once', () => {
    expect(verdict({}).unexpected).to.deep.equal(['low-oxygen-saturation', 'probe-off-spo2'])
    expect(verdict({ notRaised: ['probe-off-*'] }).unexpected).to.deep.equal(['probe-off-spo2'])
    expect(verdict({ allowed: ['low-oxygen-saturation'] }).unexpected).to.deep.equal(['probe-off-spo2'])
    expect(verdict({ notRaised: [] })).to.deep.include({ passed: true, unexpected: [] })
  })
})

describe('A virtual clock', () => {
  it('calls what is due in the order of its time, also what is set meanwhile, and not what is cancelled', () => {
    const clock = new VirtualClock(1000)
    const calls: string[] = []
    clock.after(20, () => calls.push(`b ${clock.now()}`))
    clock.after(10, () => {
      calls.push(`a ${clock.now()}`)
      clock.after(5, () => calls.push(`c ${clock.now()}`))
    })
    clock.after(12, () => calls.push('never'))()
    clock.advance(30)
    expect(calls).to.deep.equal(['a 1010', 'c 1015', 'b 1020'])
    expect([clock.now(), clock.monotonic()]).to.deep.equal([1030, 30])
  })
})

describe('Scenario runs', function () {
  this.timeout(120_000)
  let hex: string
  before(async () => {
    hex = await readFirmware()
  })

  for (const name of ['hypoglycaemia', 'lead-off', 'cable-pulled', 'brown-out', 'artefact', 'asystole']) {
    it(`pass: ${name}`, () => {
      const outcome = runScenario(loadScenario(fileOf(name)), hex)
      expect(outcome, line(outcome, 0)).to.deep.include({ name, passed: true, missed: [], unexpected: [] })
      expect(outcome.counts.received).to.be.above(500)
    })
  }

  const noisy = `
name: mine
duration: 25
patient: { vitals: { spo2: [[0, 86]] } }
seed: SEED
events: [{ at: 2, line: { bitErrorRate: 0.0005 } }, { at: 3, read: cuff }]
expect: { raised: [{ condition: low-oxygen-saturation, within: 20 }], allowed: [poor-signal-*] }
`
  it('are the same for the same seed, transition by transition, and differ for another', () => {
    const run = (seed: number) => runScenario(parseScenario(noisy.replace('SEED', String(seed))), hex)
    const [first, again, other] = [run(1), run(1), run(2)]
    expect(first.transitions.length).to.be.above(0)
    expect(again).to.deep.equal(first)
    expect(first.passed).to.equal(true)
    expect(first.counts.refused).to.be.above(10)
    expect(other.counts).to.not.deep.equal(first.counts)
  })

  it('fail for a wrong expectation, and say which', () => {
    const wrong = parseScenario(`
name: mine
duration: 22
patient: { vitals: { spo2: [[0, 86]] } }
expect: { raised: [{ condition: no-breath, within: 20 }] }
`)
    const outcome = runScenario(wrong, hex)
    expect(outcome).to.deep.include({ passed: false, missed: ['no-breath'], unexpected: ['low-oxygen-saturation'] })
    expect(line(outcome, 4)).to.match(/^FAILED {2}mine .*MISSED no-breath .*UNEXPECTED low-oxygen-saturation$/)
    expect(toJson([outcome])).to.deep.equal({
      scenarios: [
        {
          name: 'mine',
          passed: false,
          raised: ['low-oxygen-saturation'],
          missed: ['no-breath'],
          unexpected: ['low-oxygen-saturation'],
        },
      ],
    })
  })
})
