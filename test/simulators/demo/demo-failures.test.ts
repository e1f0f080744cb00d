import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { type RunFile, readRunFile } from '#gateway/surfaces/status/run-file.js'
import { ENTER, LEAVE } from '#simulators/demo/view/ansi.js'

const DEMO = join(packageRoot, 'dist/simulators/demo/main.js')

describe('a demo that fails', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-failing-demo-'))
  let demo: ChildProcess | undefined
  let said: string

  afterEach(async () => {
    if (demo?.exitCode !== null || demo.signalCode !== null) return
    demo.kill('SIGTERM')
    await once(demo, 'exit')
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** Collects what a person would see, on either stream. */
  function start(command: string, args: readonly string[]): ChildProcess {
    said = ''
    const child = spawn(command, args, {
      cwd: packageRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder, TERM: 'xterm', NO_COLOR: '' },
    })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text
      })
    demo = child
    return child
  }

  const homes = () => readdirSync(folder).filter((name) => name.startsWith('homebeat-demo-'))

  async function gateway(child: ChildProcess): Promise<RunFile> {
    for (;;) {
      const run = homes().map((home) => readRunFile(join(folder, home, 'data')))[0]
      if (run) return run
      if (child.exitCode !== null) throw new Error(`the demo ended early: ${said}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('because the port of its page is taken says so in one line, at once, and starts nothing', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    try {
      const { port } = other.address() as AddressInfo
      const [code] = await once(start(process.execPath, [DEMO, '--port', String(port)]), 'close')
      expect(code, said).to.equal(1)
      const lines = said.trim().split('\n').slice(1)
      expect(lines, said).to.have.length(1)
      expect(lines[0]).to.match(new RegExp(`^homebeat: Port ${port} .*--port \\(0 picks a free one\\)\\.$`))
      expect(homes()).to.deep.equal([])
    } finally {
      other.close()
    }
  })

  it('because its gateway dies says so once the view has left the screen, and keeps the logs where it says', async () => {
    // script(1) gives it a terminal: the view draws on the other screen, whose content is gone at the end.
    const command = `'${process.execPath}' '${DEMO}' --port 0`
    const child = start('script', ['--quiet', '--return', '--command', command, '/dev/null'])
    const { pid } = await gateway(child)
    while (!said.includes(ENTER) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50))
    process.kill(pid, 'SIGKILL')
    const [code] = await once(child, 'close')
    expect(code, said).to.equal(1)
    const after = said.slice(Math.max(0, said.lastIndexOf(LEAVE)))
    expect(after).to.match(/homebeat: The demo's gateway ended early \(SIGKILL\)\. Its log: \S+gateway\.log\r?\n/)
    expect(after).to.match(/Journal, keys and logs are kept in \S+\r?\n/)
    expect(existsSync(/Its log: (\S+)/.exec(after)?.[1] ?? '')).to.equal(true)
  })
})
