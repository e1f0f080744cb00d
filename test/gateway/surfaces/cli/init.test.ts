import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { freePort } from '#simulators/free-port.js'
import { homebeat } from '#test/support/run.js'

const PROGRAM = join(packageRoot, 'dist/gateway/main.js')

describe('A newcomer', function () {
  this.timeout(120_000)
  let folder: string
  let file: string
  const children: ChildProcess[] = []
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'homebeat-init-')), 'home')
    file = join(folder, 'homebeat.yaml')
  })
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const closed = once(child, 'close')
      // `simulate` ends the simulator's own process too.
      child.kill('SIGTERM')
      await closed
    }
    rmSync(join(folder, '..'), { recursive: true, force: true })
  })

  function start(...words: string[]): { child: ChildProcess; said: () => string } {
    let text = ''
    const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk))
    children.push(child)
    return { child, said: () => text }
  }

  /** Looks again until it is so. */
  async function until<Value>(look: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      const found = await look()
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('a minute was not enough')
  }

  it('inits, simulates a kit, starts, sees values and that nothing is anchored, and stops', async () => {
    const simulated = start('simulate', 'kit', '--pty')
    const path = await until(() => /"pty":"([^"]+)"/.exec(simulated.said())?.[1])
    const url = `serial://${path}`
    const port = await freePort()
    const made = await homebeat('init', '--dir', folder, '--kit', url, '--console-port', String(port))
    expect(made.code, made.stderr).to.equal(0)
    expect(made.stdout)
      .to.contain(`homebeat start -c ${file}`)
      .and.match(/nobody is told of alerts/)
    const gateway = start('start', '-c', file)
    const status = await until(async () => {
      if (gateway.child.exitCode !== null) throw new Error(gateway.said())
      const { stdout, code } = await homebeat('status', '-c', file)
      return code === 0 && /^ {2}spo2 +[1-9]/m.test(stdout) ? stdout : undefined
    })
    expect(status)
      .to.match(/^ {2}kit +connected/m)
      .and.contain('not anchored: no chain is configured')
    const closed = once(gateway.child, 'close')
    gateway.child.kill('SIGTERM')
    const [code] = await closed
    expect(code, gateway.said()).to.equal(0)
  })

  it('gets pseudonyms of their own, private files, and a configuration without a problem', async () => {
    expect((await homebeat('init', '--dir', folder, '--non-interactive')).code).to.equal(0)
    const first = readFileSync(file, 'utf8')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    const keys = join(folder, 'homebeat-data', 'keys')
    expect(readdirSync(keys)).to.include.members(['gateway.key', 'master.key'])
    for (const key of readdirSync(keys)) expect(statSync(join(keys, key)).mode & 0o777, key).to.equal(0o600)
    const check = await homebeat('start', '--check', '-c', file)
    expect(check, check.stderr).to.include({ code: 0, stderr: '' })
    expect(check.stdout).to.contain('nothing is wrong')
    expect(readdirSync(join(folder, 'homebeat-data'))).to.deep.equal(['keys'])
    rmSync(folder, { recursive: true })
    await homebeat('init', '--dir', folder)
    expect(/patient: \S+/.exec(readFileSync(file, 'utf8'))?.[0]).to.not.equal(/patient: \S+/.exec(first)?.[0])
  })

  it('loses nothing that is there already', async () => {
    mkdirSync(folder)
    writeFileSync(file, 'mine')
    const { code, stderr } = await homebeat('init', '--dir', folder)
    expect(code).to.equal(2)
    expect(stderr).to.equal(`homebeat: ${file} is there already and stays as it is: name another folder with --dir.\n`)
    expect(readFileSync(file, 'utf8')).to.equal('mine')
    expect(readdirSync(folder)).to.deep.equal(['homebeat.yaml'])
  })

  it('is told of a wrong answer before anything is written', async () => {
    const { code, stderr } = await homebeat('init', '--dir', folder, '--kit', 'serail:///dev/x', '--home', 'Mrs Smith')
    expect(code).to.equal(2)
    expect(stderr).to.match(/home\.id: use 1 to 32 [^\n]+\n.*transports\[0\]\.url: [^\n]+ did you mean serial:\?/)
    expect(() => statSync(folder)).to.throw()
  })

  it('has an identity before a contract is known and before a first start', async () => {
    await homebeat('init', '--dir', folder)
    rmSync(join(folder, 'homebeat-data'), { recursive: true })
    const { stdout, code } = await homebeat('identity', '--json', '-c', file)
    expect(code).to.equal(0)
    const { address, ...rest } = JSON.parse(stdout)
    expect(rest).to.deep.equal({ chainId: null, contract: null })
    expect((await homebeat('identity', '-c', file)).stdout).to.equal(`${address}\n`)
  })

  it('reads every problem of a configuration in one run, with exit code 2, from a program that starts nothing', async () => {
    await homebeat('init', '--dir', folder)
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}\nfhir: { targets: [{ name: care, url: "https://c.example", tokenFile: t }] }\nlgo: 1\n`,
    )
    const { code, stderr, stdout } = await homebeat('start', '--check', '-c', file)
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
    const [heading, ...lines] = stderr.trim().split('\n')
    expect(heading).to.equal(`homebeat: ${file} has 2 problems:`)
    expect(lines[0]).to.match(
      /:\d+: fhir\.targets\[0\]\.tokenFile: There is no secret file .* issued by its administrator$/,
    )
    expect(lines[1]).to.match(/:\d+: lgo: no such key; did you mean log\?$/)
  })
})
