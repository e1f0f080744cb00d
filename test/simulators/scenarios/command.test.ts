import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'

const GOOD = 'name: good\nduration: 3\nexpect: {}\n'
const BAD = 'name: bad\nduration: 3\nexpect: { raised: [{ condition: no-breath, within: 3 }] }\n'

describe('homebeat simulate scenario, as a process', function () {
  this.timeout(60_000)
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-scenario-'))
    writeFileSync(join(folder, 'good.yaml'), GOOD)
    writeFileSync(join(folder, 'bad.yaml'), BAD)
    writeFileSync(join(folder, 'broken.yaml'), 'name: Broken\n')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const run = (...args: string[]) => {
    const main = join(packageRoot, 'simulators/cli/main.ts')
    const node = ['--import=tsx', '--conditions=homebeat-source', main, 'scenario', ...args]
    const { status, stdout, stderr } = spawnSync(process.execPath, node, { cwd: packageRoot, encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  it('prints a table and ends with 0 when all passed', () => {
    const { status, stdout } = run(join(folder, 'good.yaml'))
    expect(status).to.equal(0)
    expect(stdout).to.equal('passed  good  nothing raised\n1 of 1 scenarios passed\n')
  })

  it('prints one JSON object and ends with 1 when one failed', () => {
    const { status, stdout } = run(join(folder, 'good.yaml'), join(folder, 'bad.yaml'), '--json')
    expect(status).to.equal(1)
    expect(JSON.parse(stdout)).to.deep.equal({
      scenarios: [
        { name: 'good', passed: true, raised: [], missed: [], unexpected: [] },
        { name: 'bad', passed: false, raised: [], missed: ['no-breath'], unexpected: [] },
      ],
    })
  })

  it('says in one line what is wrong with a file, exit code 2', () => {
    const { status, stderr } = run(join(folder, 'broken.yaml'))
    expect(status).to.equal(2)
    expect(stderr).to.match(/^homebeat simulate: [^\n]*broken\.yaml has 3 problems: [^\n]*\n$/)
  })
})
