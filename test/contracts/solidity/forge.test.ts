/** forge's own tests, its coverage, its gas and its lint: `npm run test:contracts`. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'

const LEAST_COVERED = 0.95

/** The platform's binary itself: killing its JavaScript wrapper would leave it running. */
const forgeBinary = (): string => {
  const cpu = arch() === 'x64' ? 'amd64' : arch()
  return createRequire(import.meta.url).resolve(`@foundry-rs/forge-${platform()}-${cpu}/bin/forge`)
}

async function forge(...args: string[]): Promise<string> {
  const [command = '', ...rest] = args
  const env = { ...process.env, FOUNDRY_CONFIG: join(packageRoot, 'contracts', 'foundry.toml'), NO_COLOR: '1' }
  const options = { cwd: packageRoot, env, maxBuffer: 64 * 1024 * 1024 }
  try {
    const { stdout, stderr } = await promisify(execFile)(forgeBinary(), [command, '--root', '.', ...rest], options)
    return stdout + stderr
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`forge ${args.join(' ')} failed:\n${stdout.slice(-4000)}\n${stderr.slice(-2000)}`)
  }
}

describe('the contracts, by forge', function () {
  this.timeout(600_000)

  it('pass their unit, fuzz and invariant tests, and cost the gas that contracts/gas says', async () => {
    const said = await forge('test', '--gas-snapshot-check', 'true', '--gas-snapshot-emit', 'false')
    const [, passed, failed] = /(\d+) tests passed, (\d+) failed, 0 skipped/.exec(said) ?? []
    expect([Number(failed), Number(passed) >= 74], said.slice(-600)).to.deep.equal([0, true])
  })

  it(`are covered to ${LEAST_COVERED * 100} % of their lines and branches`, async () => {
    const file = join(packageRoot, '.cache', 'forge', 'lcov.info')
    const what = ['--no-match-coverage', 'test|node_modules', '--no-match-contract', 'Invariants|Gas']
    await forge('coverage', ...what, '--report', 'lcov', '--report-file', file)
    const lcov = readFileSync(file, 'utf8')
    const sum = (key: string) =>
      [...lcov.matchAll(new RegExp(`^${key}:(\\d+)$`, 'gm'))].reduce((total, [, n]) => total + Number(n), 0)
    expect(sum('LF')).to.be.above(500)
    expect(sum('LH') / sum('LF'), 'lines').to.be.at.least(LEAST_COVERED)
    expect(sum('BRH') / sum('BRF'), 'branches').to.be.at.least(LEAST_COVERED)
  })

  it('have nothing that forge lint warns of, and its format', async () => {
    expect(await forge('lint', 'contracts/src')).to.not.match(/^(warning|error)/m)
    await forge('fmt', '--check')
  })

  it('say who may do what, what goes wrong and how bad that is, for every function', () => {
    const page = readFileSync(join(packageRoot, 'contracts', 'THREATS.md'), 'utf8')
    const folder = join(packageRoot, 'contracts', 'artifacts')
    for (const file of readdirSync(folder)) {
      const { contractName, abi } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        contractName: string
        abi: { type: string; name?: string; stateMutability?: string }[]
      }
      const section = new RegExp(`^## ${contractName}$([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, 'm').exec(page)?.[1] ?? ''
      const acts = abi.filter(
        ({ type, stateMutability }) => type === 'function' && !/view|pure/.test(stateMutability ?? ''),
      )
      for (const { name } of acts) expect(section, `${contractName}.${name}`).to.include(`| \`${name}\` |`)
    }
  })
})
