import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { TestHome } from '#test/support/home.js'

const QUIET = {
  log: { level: 'warn' },
  heartbeat: { targets: [] },
  transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
  chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
}

describe('homebeat start', function () {
  this.timeout(60_000)
  const home = new TestHome()
  let gateway: ChildProcess | undefined

  after(() => {
    gateway?.kill('SIGKILL')
    home.remove()
  })

  const said: string[] = []

  function run(...options: string[]): ChildProcess {
    const program = join(packageRoot, 'dist/gateway/main.js')
    const child = spawn(process.execPath, [program, 'start', '-c', join(home.folder, 'homebeat.yaml'), ...options], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text))
    gateway = child
    return child
  }

  async function start(...options: string[]): Promise<ChildProcess> {
    home.configure(QUIET)
    const child = run(...options)
    while (readRunFile(home.dataDir)?.pid !== child.pid) {
      if (child.exitCode !== null) throw new Error('the gateway ended early')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return child
  }

  async function endOf(child: ChildProcess): Promise<number | null> {
    if (child.exitCode === null) await once(child, 'close')
    return child.exitCode
  }

  it('says where it listens while it runs, and ends in order on a signal, also on one that comes twice', async () => {
    const child = await start()
    const status = await fetch(new URL('/api/status', readRunFile(home.dataDir)?.console))
    expect(await status.json()).to.include({ home: 'test-home', running: true })
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await endOf(child)).to.equal(0)
    expect(said.join('').split('heartbeat is now called liveness'), 'its one warning').to.have.length(2)
    expect(existsSync(join(home.dataDir, 'run.json'))).to.equal(false)
  })

  it('ends in order when its parent is gone', async () => {
    const child = await start('--until-stdin-closes')
    child.stdin?.end()
    expect(await endOf(child)).to.equal(0)
  })

  it('ends although its standard input stays open', async () => {
    const child = await start('--until-stdin-closes')
    child.kill('SIGTERM')
    expect(await endOf(child)).to.equal(0)
  })
  it('ends at once, with one line, where its port is taken, although its standard input stays open', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    try {
      home.configure({ ...QUIET, console: { port } })
      said.length = 0
      expect(await endOf(run('--until-stdin-closes'))).to.equal(1)
      expect(said.join('').trim().split('\n').at(-1)).to.match(new RegExp(`^homebeat: port ${port} is already in use`))
    } finally {
      other.close()
    }
  })

  /** `homebeat start` of a program with these two methods. */
  function startOf(methods: string): ChildProcess {
    home.configure(QUIET)
    const config = JSON.stringify(join(home.folder, 'homebeat.yaml'))
    const code = `
      import { startCommand } from ${JSON.stringify(join(packageRoot, 'dist/gateway/surfaces/cli/start.js'))}
      const gateway = async () => async () => ({ ${methods} })
      await startCommand({ gateway }).parseAsync(['-c', ${config}], { from: 'user' })`
    gateway = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'ignore'] })
    return gateway
  }

  it('ends after its stop although something still holds the process', async () => {
    const child = startOf(`
      start: async () => { setInterval(() => {}, 1000); process.kill(process.pid, 'SIGTERM') },
      stop: async () => {},`)
    expect(await endOf(child)).to.equal(0)
  })

  it('lives until it is asked to stop, and through its stop, although nothing else holds the process', async () => {
    const child = startOf(`
      start: async () => { console.log('started') },
      stop: () => new Promise((resolve) => setTimeout(resolve, 300).unref()),`)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    const early = await Promise.race([endOf(child), new Promise((resolve) => setTimeout(resolve, 500, 'lives'))])
    expect(early).to.equal('lives')
    child.kill('SIGTERM')
    expect(await endOf(child)).to.equal(0)
  })
})
