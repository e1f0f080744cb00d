import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { TestHome } from '#test/support/home.js'

const NODE = ['--import=tsx', '--conditions=homebeat-source']
/** Between two calls. */
const STUCK_MS = 40_000

describe('Every verb, called with hostile arguments', function () {
  this.timeout(240_000)
  let folder: string
  const home = new TestHome()
  const running = new Set<ChildProcess>()

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-hostile-'))
    expect(spawnSync('mkfifo', [join(folder, 'fifo')]).status).to.equal(0)
  })
  after(() => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    home.remove()
  })

  function run(args: readonly string[], stdio: ('ignore' | 'pipe' | number)[], env: NodeJS.ProcessEnv = process.env) {
    const child = spawn(process.execPath, [...NODE, ...args], { cwd: packageRoot, stdio, env })
    running.add(child)
    let err = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    const ended = once(child, 'close').then(([code, signal]) => {
      running.delete(child)
      return { code: code ?? signal, err }
    })
    return { child, ended }
  }

  it('ends within a bound, with a documented exit code and a line or two that say what to do', async () => {
    // No helper program, no home, a narrow and dumb terminal.
    const env = { PATH: '/nonexistent', LANG: 'C', TERM: 'dumb', COLUMNS: '20', TMPDIR: tmpdir() }
    const runner = join(packageRoot, 'test/gateway/surfaces/cli/hostile-verbs.ts')
    const { child, ended } = run([runner, folder], ['ignore', 'pipe', 'pipe'], env)
    const wrong: string[] = []
    let last = ''
    let told: { calls?: number; called?: string[]; failures?: number } = {}
    const isStuck = () => {
      wrong.push(`${last} does not end`)
      child.kill('SIGKILL')
    }
    let stuck = setTimeout(isStuck, STUCK_MS)
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      clearTimeout(stuck)
      stuck = setTimeout(isStuck, STUCK_MS)
      const said = JSON.parse(line)
      if (said.begin) last = JSON.stringify(said.begin)
      else if (said.wrong) wrong.push(said.wrong)
      else told = said
    }
    clearTimeout(stuck)
    const { code, err } = await ended
    expect(wrong.slice(0, 20).join('\n')).to.equal('')
    expect({ code, err, failures: told.failures }).to.deep.equal({ code: 0, err: '', failures: 0 })
    expect(told.calls).to.be.above(5000)
    for (const verb of ['start', 'alarms ack', 'queue drop', 'clinic enrol', 'verify', 'kit', 'fhir-server'])
      expect(told.called).to.include(verb)
  })

  const main = join(packageRoot, 'gateway/main.ts')

  it('takes no harm from an end that nobody reads: what was begun goes on to its verdict', async () => {
    const messages = join(folder, 'messages.json')
    writeFileSync(messages, '{"topic":"nobody/knows","payload":"1"}')
    const cases: [readonly string[], number][] = [
      [['--help'], 0],
      [['map', 'list', '--json'], 0],
      [['map', '--dry-run', messages], 1],
    ]
    const ends = cases.map(async ([args, expected]) => {
      const { child, ended } = run([main, ...args], ['ignore', 'pipe', 'pipe'])
      child.stdout?.destroy()
      expect(await ended, args.join(' ')).to.deep.equal({ code: expected, err: '' })
    })
    await Promise.all(ends)
  })

  it('says in one line that there is no such simulator, whatever it is called', async () => {
    const { code, err } = await run([main, 'simulate', '\x1b[2J'], ['ignore', 'ignore', 'pipe']).ended
    expect(err)
      .to.match(/^[^\n]*unknown command[^\n]*\n$/)
      .and.not.contain('\x1b')
    expect(code).to.equal(2)
  })

  it('says that its output was lost to a full disk', async () => {
    const { code, err } = await run([main, 'map', 'list'], ['ignore', openSync('/dev/full', 'w'), 'pipe']).ended
    expect(err).to.match(/^homebeat: [^\n]*could not be written \(ENOSPC\)[^\n]*\n$/)
    expect(code).to.equal(1)
  })

  it('ends as documented where all three standard streams are closed', () => {
    const command = `exec "$0" ${NODE.join(' ')} "$1" status -c "$2" <&- >&- 2>&-`
    const args = ['-c', command, process.execPath, main, join(folder, 'none.yaml')]
    expect(spawnSync('sh', args, { cwd: packageRoot, timeout: 60_000 }).status).to.equal(2)
  })

  it('keeps the gateway running although its log cannot be written any more', async () => {
    home.configure({
      log: { level: 'debug' },
      transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}`, pollSeconds: 0.1 },
    })
    const config = join(home.folder, 'homebeat.yaml')
    const { child, ended } = run([main, 'start', '-c', config], ['ignore', 'ignore', openSync('/dev/full', 'w')])
    let isUp = false
    while (!isUp && child.exitCode === null) {
      isUp = (await run([main, 'alarms', 'list', '-c', config], ['ignore', 'ignore', 'pipe']).ended).err === ''
      const limits = await run([main, 'limits', 'list', '-c', config], ['ignore', 'ignore', 'pipe']).ended
      isUp &&= limits.code === 0
    }
    child.kill('SIGTERM')
    expect((await ended).code).to.equal(0)
    expect(isUp).to.equal(true)
  })
})
