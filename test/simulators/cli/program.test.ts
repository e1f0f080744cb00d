import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import { expect } from 'chai'
import { Command, InvalidArgumentError } from 'commander'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { devicesCommand } from '#simulators/cli/devices.js'
import { runProgram, VERBS } from '#simulators/cli/program.js'

/** The verbs, with `devices` from this very module graph: the test runner's `import()` would load a second one. */
const LOADED = VERBS.map((known) =>
  known.name === 'devices' ? { ...known, load: async () => devicesCommand() } : known,
)

async function run(args: string[], verbs = LOADED): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const output = {
    out: (text: string) => {
      out += text
    },
    err: (text: string) => {
      err += text
    },
  }
  const code = await runProgram(args, output, verbs)
  return { code, out, err }
}

/** A verb that does what a test wants. */
const verb = (action: () => Promise<void>) => [
  {
    name: 'thing',
    description: 'a thing',
    load: async () =>
      new Command('thing')
        .option('--size <n>', 'size', (text) => {
          if (text !== '1') throw new InvalidArgumentError('give 1.')
          return text
        })
        .action(action),
  },
]

describe('homebeat simulate', () => {
  it('lists its verbs without loading them', async () => {
    const verbs = VERBS.map((known) => ({ ...known, load: () => Promise.reject(new Error('loaded')) }))
    const { code, out } = await run(['--help'], verbs)
    expect(code).to.equal(0)
    for (const name of ['kit', 'devices', 'fhir-server', 'chain'])
      expect(out).to.match(new RegExp(`^ +${name} .*\\w`, 'm'))
  })

  it('has help for a verb', async () => {
    for (const args of [
      ['devices', '--help'],
      ['help', 'devices'],
    ]) {
      const { code, out } = await run(args)
      expect(code).to.equal(0)
      for (const option of [
        '--broker',
        '--cuff-secret',
        '--script',
        '--seed',
        '--start',
        '--every',
        '--exit-with-parent',
      ]) {
        expect(out).to.include(option)
      }
    }
  })

  it('says in one line what is wrong with its use, exit code 2', async () => {
    for (const args of [
      [],
      ['kitt'],
      ['--bogus'],
      ['thing', '--bogus'],
      ['thing', '--size', '2'],
      ['thing', '--size'],
    ]) {
      const { code, err } = await run(
        args,
        verb(async () => {}),
      )
      expect(code, args.join(' ')).to.equal(2)
      expect(err, args.join(' ')).to.match(/^[^\n]+\n$/)
    }
    expect((await run(['devices'])).err).to.include('--broker')
    expect((await run(['devices', '--broker', 'mqtt://127.0.0.1:1'])).code).to.equal(2)
    expect((await run(['devices', '--broker', 'mqtt://127.0.0.1:1', '--script', 'x'])).code).to.equal(2)
  })

  it('says in one line what failed, exit code 1', async () => {
    const failing = verb(() => Promise.reject(new HomebeatError('board.socat', 'Plug\nit in.')))
    expect(await run(['thing'], failing)).to.deep.equal({ code: 1, out: '', err: 'homebeat simulate: Plug it in.\n' })
    const missing = await run(['devices', '--broker', 'mqtt://127.0.0.1:1', '--cuff-secret', '/does/not/exist'])
    expect(missing.code).to.equal(1)
    expect(missing.err).to.match(/^[^\n]*\/does\/not\/exist[^\n]*\n$/)
  })

  it('ends with 0 when a verb has done its work', async () => {
    expect(
      await run(
        ['thing', '--size', '1'],
        verb(async () => {}),
      ),
    ).to.deep.equal({ code: 0, out: '', err: '' })
  })
})

describe('homebeat simulate devices, as a process', function () {
  this.timeout(90_000)
  let folder: string
  let server: Server
  let aedes: Aedes
  let child: ChildProcess | null = null

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-devices-'))
    for (const name of ['cuff', 'glucometer']) writeFileSync(join(folder, name), 'secret\n', { mode: 0o600 })
    aedes = await Aedes.createBroker()
    aedes.authenticate = (client, user, password, done) => done(null, client.id === user && `${password}` === 'secret')
    server = createServer(aedes.handle).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(async () => {
    child?.kill('SIGKILL')
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  const start = async (cuffSecret = 'cuff') => {
    const program = join(packageRoot, 'simulators/cli/main.ts')
    const broker = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
    const files = ['--cuff-secret', join(folder, cuffSecret), '--glucometer-secret', join(folder, 'glucometer')]
    const log = ['--acknowledged', join(folder, 'log'), '--every', '100ms', '--exit-with-parent']
    const node = ['--import=tsx', '--conditions=homebeat-source']
    child = spawn(process.execPath, [...node, program, 'devices', '--broker', broker, ...files, ...log], {
      cwd: packageRoot,
    })
    const exited = once(child, 'exit')
    let err = ''
    child.stderr?.on('data', (data) => {
      err += data
    })
    return { process: child, exited, errors: () => err }
  }
  const logged = () => {
    try {
      return readFileSync(join(folder, 'log'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    } catch {
      return []
    }
  }

  for (const way of ['a signal', 'the end of standard input'] as const) {
    it(`says when it is ready, logs every acknowledgement, and ends with 0 on ${way}`, async () => {
      rmSync(join(folder, 'log'), { force: true })
      const { process, exited, errors } = await start()
      const [line] = await once(process.stdout as NodeJS.ReadableStream, 'data')
      expect(JSON.parse(String(line)).devices, errors()).to.deep.equal(['mqtt-cuff', 'mqtt-glucometer'])
      while (logged().length < 4) await new Promise((resolve) => setTimeout(resolve, 50))
      if (way === 'a signal') process.kill('SIGTERM')
      else process.stdin?.end()
      expect((await exited)[0], errors()).to.equal(0)
      const lines = logged().map((entry) => JSON.parse(entry))
      expect(new Set(lines.map(({ id }) => id)).size).to.equal(lines.length)
      expect(lines[0]).to.have.all.keys('id', 'at', 'deviceId', 'sensor')
    })
  }

  it('ends with 1 and says what to do when the gateway refuses a device', async () => {
    writeFileSync(join(folder, 'wrong'), 'other\n', { mode: 0o600 })
    const { exited, errors } = await start('wrong')
    expect((await exited)[0]).to.equal(1)
    expect(errors()).to.match(/refuses mqtt-cuff[^\n]*\n$/)
    expect(errors().trim().split('\n')).to.have.length(1)
  })
})
