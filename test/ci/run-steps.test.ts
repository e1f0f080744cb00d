import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runSteps } from '../../.ci/run-steps.js'
import { LAST_START_MINUTES, STEPS, type Step } from '../../.ci/steps.js'

const step = (name: string, command: string, more: Partial<Step> = {}): Step => ({
  ...{ name, command, minutes: 1, covers: `what ${name} shows` },
  ...more,
})
const report = (passed: number, failed: number, skipped: number) =>
  `echo '{"passed":${passed},"failed":${failed},"skipped":${skipped}}' > "$HOMEBEAT_TOTALS"`

describe('a run of CI', () => {
  const root = mkdtempSync(join(tmpdir(), 'homebeat-ci-test-'))
  const lines: string[] = []
  let minutes = 0
  beforeEach(() => {
    lines.length = 0
    minutes = 0
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  const run = (steps: readonly Step[]) =>
    runSteps(steps, { root, say: (line) => lines.push(line), elapsed: () => minutes * 60_000 })

  it("adds up mocha's reports, and counts no step that has none", async () => {
    const steps = [
      step('lint', 'true'),
      step('suite', report(7, 0, 2), { mocha: true }),
      step('more', report(5, 0, 0), { mocha: true }),
    ]
    expect(await run(steps)).to.deep.equal({ passed: 12, failed: 0, skipped: 2 })
    expect(lines.join('\n')).to.contain('== lint: what lint shows').and.contain('done     more, 0 s of at most 60')
  })

  it('counts failed tests once, and a step that failed without them as one', async () => {
    const steps = [
      step('suite', `${report(7, 3, 0)}; exit 3`, { mocha: true }),
      step('lint', 'exit 2'),
      step('crash', `${report(4, 0, 0)}; exit 1`, { mocha: true }),
    ]
    expect(await run(steps)).to.deep.equal({ passed: 11, failed: 5, skipped: 0 })
    const said = lines.at(-1)
    expect(said)
      .to.contain('suite, 0 s of at most 60: 3 tests failed')
      .and.contain('lint, 0 s of at most 60: exit code 2')
    expect(said).to.contain('FAILED   crash, 0 s of at most 60: exit code 1')
  })

  it('takes a missing report, and one of no test, for a failure', async () => {
    const steps = [step('silent', 'true', { mocha: true }), step('empty', report(0, 0, 4), { mocha: true })]
    expect(await run(steps)).to.deep.equal({ passed: 0, failed: 2, skipped: 4 })
    expect(lines.at(-1)).to.contain('no report of mocha').and.contain('it tested nothing')
  })

  it('ends a step that hangs, with everything it started, and goes on', async () => {
    const hang = `sleep 61.7 & echo $! > ${root}/pid; wait`
    const steps = [step('hang', hang, { minutes: 0.005 }), step('suite', report(1, 0, 0), { mocha: true })]
    expect(await run(steps)).to.deep.equal({ passed: 1, failed: 1, skipped: 0 })
    expect(lines.at(-1)).to.contain('ended after 0.005 minutes')
    const status = `/proc/${readFileSync(join(root, 'pid'), 'utf8').trim()}/status`
    const alive = () => existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, 'utf8'))
    while (alive()) await new Promise((resolve) => setTimeout(resolve, 10))
  })

  it('names and counts as skipped what would begin too late', async () => {
    const steps = [
      step('suite', report(1, 0, 0), { mocha: true }),
      step('servers', report(9, 0, 0), { mocha: true }),
      step('last', 'true'),
    ]
    const pending = run(steps.slice(0, 1))
    expect(await pending).to.deep.equal({ passed: 1, failed: 0, skipped: 0 })
    minutes = LAST_START_MINUTES + 1
    expect(await run(steps.slice(1))).to.deep.equal({ passed: 0, failed: 0, skipped: 2 })
    expect(lines.at(-1)).to.contain('skipped  servers (what servers shows): 66 minutes have gone')
  })

  it('is over before CI ends it, whatever hangs last', () => {
    for (const { name, minutes } of STEPS) expect(LAST_START_MINUTES + minutes, name).to.be.below(90)
    expect(new Set(STEPS.map(({ name }) => name)).size).to.equal(STEPS.length)
  })
})
