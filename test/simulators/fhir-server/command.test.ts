import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'

const program = `
  import { fhirServerCommand } from '#simulators/fhir-server/command.js'
  await fhirServerCommand().parseAsync(process.argv.slice(1), { from: 'user' })
`

describe('the fhir-server command', () => {
  const children: ChildProcess[] = []
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-fhir-'))
  })
  after(() => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (...args: string[]) => {
    const flags = ['--import', 'tsx', '--conditions', 'homebeat-source', '--input-type', 'module', '--eval', program]
    const child = spawn(process.execPath, [...flags, '--', ...args], { cwd: packageRoot, stdio: 'pipe' })
    children.push(child)
    return child
  }
  const listening = async (child: ChildProcess): Promise<string> => {
    if (!child.stdout) throw new Error('no output')
    const [line] = await once(createInterface(child.stdout), 'line')
    return (JSON.parse(line) as { listening: string }).listening
  }

  it('prints where it listens, asks for the token, and ends on SIGTERM', async function () {
    this.timeout(90_000)
    writeFileSync(join(folder, 'token'), 'open-sesame\n', { mode: 0o600 })
    const child = run('--port', '0', '--token-file', join(folder, 'token'))
    const url = await listening(child)
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/fhir$/)
    expect((await fetch(`${url}/Patient`)).status).to.equal(401)
    expect((await fetch(`${url}/Patient`, { headers: { Authorization: 'Bearer open-sesame' } })).status).to.equal(200)
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    expect(code).to.equal(0)
  })

  it('says in one line that a port is in use', async function () {
    this.timeout(90_000)
    const first = run()
    const { port } = new URL(await listening(first))
    const second = run('--port', port)
    let errors = ''
    second.stderr?.on('data', (chunk) => {
      errors += chunk
    })
    const [code] = await once(second, 'close')
    first.kill('SIGTERM')
    await once(first, 'exit')
    expect(code).to.not.equal(0)
    expect(errors.trim()).to.equal(`port ${port} is in use: give another --port, or 0 for a free one`)
  })
})
