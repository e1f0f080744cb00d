import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

describe('homebeat limits, settings, enter, score and trends', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const config = join(home.folder, 'homebeat.yaml')
  let gateway: ChildProcess | undefined

  const run = (...args: string[]) => homebeat(...args, '-c', config)
  const start = async () => {
    const program = join(packageRoot, 'dist/gateway/main.js')
    gateway = spawn(process.execPath, [program, 'start', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
    while (readRunFile(home.dataDir)?.pid !== gateway.pid) {
      if (gateway.exitCode !== null) throw new Error('the gateway ended early')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    if (!gateway || gateway.exitCode !== null) return
    gateway.kill(signal)
    await once(gateway, 'exit')
  }

  before(async () => {
    home.configure({
      transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    })
    await start()
  })
  after(async () => {
    await end('SIGTERM')
    home.remove()
  })

  it('change a limit with who and why, which survives a power cut', async () => {
    const set = await run('limits', 'set', 'low-pulse-rate', '--value', '38', '--by', 'doctor-1', '--why', 'athlete')
    expect(set.stderr).to.equal('')
    expect(set.stdout).to.match(/^low-pulse-rate +<= 38, ends at 42, after 10 s, high \(doctor-1, .+: athlete\)\n$/)
    await end('SIGKILL')
    await start()
    const listed = JSON.parse((await run('limits', 'list', '--json')).stdout) as { condition: string; value?: number }[]
    expect(listed.find(({ condition }) => condition === 'low-pulse-rate')?.value).to.equal(38)
    expect((await run('limits', 'log')).stdout).to.match(
      /doctor-1 \(command-line\) low-pulse-rate: value 38: athlete\n$/,
    )
  })

  it('refuse nonsense in one line', async () => {
    const sign = ['--by', 'doctor-1', '--why', 'a try']
    for (const [args, words] of [
      [['limits', 'set', 'no-breath', '--value', '60'], 'no-breath: give a value from 10 to 40 seconds.'],
      [['limits', 'set', 'low-pulse-rate'], 'low-pulse-rate: say what to change'],
      [['settings', 'set', 'news2.spo2-scale', '3'], 'news2.spo2-scale: give 1 or 2.'],
    ] as const) {
      const { code, stdout, stderr } = await run(...args, ...sign)
      expect(stderr).to.include(words)
      expect(stderr.trim().split('\n')).to.have.length(1)
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    }
    expect((await run('limits', 'set', 'low-pulse-rate', '--value', '39')).stderr).to.include('--why')
  })

  it('enter what no sensor gives, and say the score with its gaps', async () => {
    const entered = await run('enter', 'blood-pressure', '95/60', '--by', 'nurse-1')
    expect(entered.stdout).to.match(
      /^NEWS2 at least 2 \(risk not known\): systolic pressure 2\. Incomplete: respiration missing;/,
    )
    await run('enter', 'consciousness', 'voice', '--by', 'nurse-1')
    expect(JSON.parse((await run('score', '--json')).stdout)).to.deep.include({ total: 5, complete: false })
    expect((await run('enter', 'temperature', '98.6', '--by', 'nurse-1')).stderr).to.match(/^homebeat: No living body/)
    expect((await run('trends')).stdout).to.equal('too few values yet\n')
  })
})
