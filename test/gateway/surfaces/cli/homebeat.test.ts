import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { homebeat, runNode } from '#test/support/run.js'

/** Debian's `nobody`. */
const NOBODY = 65_534

const base = (dataDir: string) => ({
  home: { id: 'home-1', patient: 'p-1' },
  dataDir,
  log: { level: 'silent' },
  transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }] as object[],
  chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
  console: { port: 0 },
})

describe('the command line', function () {
  this.timeout(60_000)
  let folder: string
  let taken: Server
  let port: number

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-cli-'))
    taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    port = (taken.address() as AddressInfo).port
  })
  after(async () => {
    await new Promise((resolve) => taken.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  function configure(change: object): string {
    const file = join(folder, 'homebeat.yaml')
    writeFileSync(file, stringify({ ...base(join(folder, 'data')), ...change }))
    return file
  }

  /** One line for people, no stack, exit code not 0. */
  async function oneLine(code: number, pattern: RegExp, ...args: string[]) {
    const result = await homebeat(...args)
    expect(result.stderr).to.match(pattern)
    expect(result.stderr.trim().split('\n'), result.stderr).to.have.length(1)
    expect(result.code).to.equal(code)
    expect(result.stdout).to.equal('')
  }

  it('has help for itself and for every verb', async () => {
    const help = await homebeat('--help')
    expect(help.code).to.equal(0)
    for (const verb of [
      'start',
      'status',
      'queue',
      'channel',
      'device',
      'map',
      'verify',
      'identity',
      'flash',
      'serial',
      'simulate',
    ]) {
      expect(help.stdout).to.contain(`  ${verb}`)
      const own = await homebeat(verb, '--help')
      expect(own.code, `${verb}: ${own.stderr}`).to.equal(0)
      expect(own.stdout).to.match(/^Usage: /)
    }
  })

  it('knows a verb by its earlier name, and says so in one line', async () => {
    const today = await homebeat('clinic', 'enrol', '--help')
    const before = await homebeat('watch-homes', 'enrol', '--help')
    expect(before).to.deep.equal({
      ...today,
      stderr: 'homebeat: watch-homes is now called clinic; the old name still counts\n',
    })
    expect(today).to.include({ code: 0, stderr: '' })
  })

  it('says what is wrong with an unknown verb or option', async () => {
    expect(await homebeat('strat')).to.include({ code: 2, stdout: '' })
    expect((await homebeat('start', '--nope')).stderr).to.contain("unknown option '--nope'")
  })

  it('names the missing configuration and what to do', () =>
    oneLine(
      2,
      /no configuration at .*: begin with homebeat init, or copy homebeat\.example\.yaml/,
      'start',
      '--config',
      join(folder, 'none.yaml'),
    ))

  it('reports every problem of a broken configuration', async () => {
    const file = configure({ home: { id: 'Not A Pseudonym', patient: 'p-1' }, console: { port: 70_000 } })
    const { code, stderr } = await homebeat('start', '--config', file)
    expect(code).to.equal(2)
    expect(stderr).to.match(/2 problems[\s\S]*home\.id[\s\S]*console\.port/)
  })

  it('says that the port of the page is taken', () =>
    oneLine(
      1,
      new RegExp(`port ${port} is already in use`, 'i'),
      'start',
      '--config',
      configure({ console: { port } }),
    ))

  it('says that the port of the broker is taken', () =>
    oneLine(
      1,
      new RegExp(`port ${port} is already in use`, 'i'),
      'start',
      '--config',
      configure({ transports: [{ name: 'broker', url: `mqtt+broker://127.0.0.1:${port}` }] }),
    ))

  it('refuses a secret that others can read', async () => {
    const secret = join(folder, 'token')
    writeFileSync(secret, 'secret')
    chmodSync(secret, 0o644)
    const target = { name: 'care', url: 'http://127.0.0.1:1/fhir', tokenFile: 'token' }
    await oneLine(2, /chmod 600/, 'start', '--config', configure({ fhir: { targets: [target] } }))
  })

  it('says that it may not open a serial port', async function () {
    // root may open everything: the gateway runs as nobody then.
    const root = process.getuid?.() === 0
    const user = root ? { uid: NOBODY } : {}
    const program = ['dist/gateway/main.js']
    if ((await runNode([...program, '--version'], user)).code !== 0) {
      if (this.test) this.test.title += ' (skipped: another user cannot read this checkout)'
      this.skip()
    }
    const own = mkdtempSync(join(tmpdir(), 'homebeat-serial-'))
    try {
      const tty = join(own, 'tty')
      writeFileSync(tty, '')
      chmodSync(tty, 0)
      const file = join(own, 'homebeat.yaml')
      const kit = { name: 'kit', url: `serial://${tty}` }
      writeFileSync(file, stringify({ ...base(join(own, 'data')), transports: [kit] }))
      if (root) {
        for (const path of [own, file]) chownSync(path, NOBODY, NOBODY)
        chownSync(tty, 0, 0)
      }
      const { code, stderr } = await runNode([...program, 'start', '--config', file], user)
      expect(stderr).to.match(/^homebeat: no permission to open .*tty: add the user to the group dialout/)
      expect(stderr.trim().split('\n')).to.have.length(1)
      expect(code).to.equal(1)
    } finally {
      rmSync(own, { recursive: true, force: true })
    }
  })

  it('prints the address that the consortium enrols, the same every time', async () => {
    const file = configure({})
    const first = await homebeat('identity', '--config', file)
    expect(first.stdout).to.match(/^0x[0-9a-fA-F]{40}\n$/)
    expect((await homebeat('identity', '--config', file)).stdout).to.equal(first.stdout)
  })

  it('says that there is no journal yet', () =>
    oneLine(1, /journal/i, 'status', '--config', configure({ dataDir: join(folder, 'other') })))
})
