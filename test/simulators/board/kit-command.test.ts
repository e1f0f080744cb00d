import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { linesIn } from './kit-host.js'

describe('homebeat simulate kit', function () {
  this.timeout(120_000)

  it('says where it listens, sends lines in real time, and ends with 0 on SIGTERM', async () => {
    const main = join(packageRoot, 'simulators', 'cli', 'main.ts')
    const args = ['--import', 'tsx', '--conditions=homebeat-source', main, 'kit', '--follow-mode', '--seed', '7']
    const child = spawn(process.execPath, args, { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = await once(createInterface({ input: child.stdout }), 'line')
      const url = new URL((JSON.parse(line) as { listening: string }).listening)
      expect(url.protocol).to.equal('serial+tcp:')
      const socket = connect(Number(url.port), url.hostname)
      let heard = ''
      for await (const bytes of socket) {
        heard += (bytes as Buffer).toString('latin1')
        if (linesIn(heard).length > 5) break
      }
      expect(linesIn(heard)[0]?.type).to.equal('B')
      child.kill('SIGTERM')
      expect((await once(child, 'exit'))[0]).to.equal(0)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
