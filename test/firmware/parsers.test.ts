import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { sketchFolder } from '#firmware/build.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const run = promisify(execFile)
const SOURCES = ['cuff.cpp', 'glucometer.cpp', 'records.cpp', 'calibration.cpp', 'commands.cpp', 'line.cpp']
const SEED = 20_260_101
const ROUNDS = 20_000

describe('firmware parsers, compiled for this machine', function () {
  this.timeout(120_000)
  let folder: string
  let program: string

  before(async function () {
    const folders = (process.env['PATH'] ?? '').split(delimiter)
    if (!folders.some((path) => existsSync(join(path, 'g++')))) {
      this.test?.parent?.eachTest((test) => {
        test.title += ' (skipped: g++ is not on this machine)'
      })
      this.skip()
    }
    folder = await mkdtemp(join(tmpdir(), 'homebeat-parsers-'))
    program = join(folder, 'parsers')
    const host = join(packageRoot, 'test', 'firmware', 'host')
    const warnings = ['-Wall', '-Wextra', '-Werror', '-Wno-unused-variable']
    const checks = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-D_GLIBCXX_ASSERTIONS']
    const sources = [join(host, 'parsers.cpp'), ...SOURCES.map((name) => join(sketchFolder, name))]
    const flags = ['-std=gnu++11', '-O1', '-g', ...warnings, ...checks, '-I', host, '-I', sketchFolder]
    await run('g++', [...flags, ...sources, '-o', program])
  })
  after(() => folder && rm(folder, { recursive: true, force: true }))

  it('pass their unit tests, and stand whatever the fuzzer sends, without a fault of memory', async () => {
    const { stdout } = await run(program, [`${SEED}`, `${ROUNDS}`])
    const { rounds, records, answers } = JSON.parse(stdout) as Record<string, number>
    expect(rounds).to.equal(ROUNDS)
    // The fuzzer reaches behind the first checks: records were taken, and commands answered.
    expect(records).to.be.above(ROUNDS)
    expect(answers).to.be.above(ROUNDS / 4)
  })

  it('do the same again for the same seed', async () => {
    const [first, second] = await Promise.all([run(program, ['7', '300']), run(program, ['7', '300'])])
    expect(first.stdout).to.equal(second.stdout)
  })
})
