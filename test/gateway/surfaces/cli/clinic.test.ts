import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ClinicReport } from '#gateway/clinic/report.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { freePort } from '#simulators/free-port.js'
import { Receiver } from '#test/gateway/alarms/channels/receiver.js'
import { TestClinic } from '#test/gateway/clinic/clinic.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

describe('homebeat clinic', function () {
  this.timeout(120_000)
  const clinic = new TestClinic()
  const home = new TestHome()
  const duty = new Receiver()
  const running = new Set<ChildProcess>()

  after(async () => {
    for (const child of running) child.kill('SIGKILL')
    await duty.stop()
    clinic.remove()
    home.remove()
  })

  const clinicVerb = (...words: string[]) => homebeat('clinic', ...words, '-c', clinic.file)

  function start(...words: string[]): ChildProcess {
    const program = join(packageRoot, 'dist/gateway/main.js')
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }

  /** Looks again until it is so; the suite's timeout is the bound. */
  async function until<Value>(look: () => Value | undefined | Promise<Value | undefined>): Promise<Value> {
    for (;;) {
      const found = await look()
      if (found !== undefined && found !== false) return found
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  const told = (condition: string, reason: string) =>
    duty.received.find(({ body }) => {
      const notice = JSON.parse(body)
      return notice.condition === condition && notice.reason === reason
    })

  const reported = async () =>
    ((await (await fetch(`http://127.0.0.1:${pagePort}/api/homes`)).json()) as ClinicReport).homes[0]

  let pagePort = 0

  it('raises the alarm when a gateway is killed or stopped, and ends it when it is back', async () => {
    const ports = await Promise.all([freePort(), freePort()])
    const [checkInPort] = ports
    pagePort = ports[1]
    clinic.configure({
      listen: { port: checkInPort },
      page: { port: pagePort },
      missingAfterSeconds: 3,
      alerts: { channels: [{ type: 'webhook', name: 'duty', url: await duty.start() }] },
    })
    const enrolled = await clinicVerb('enrol', 'test-home', '--json')
    const { secret } = JSON.parse(enrolled.stdout)
    writeFileSync(join(home.folder, 'watch-secret'), secret, { mode: 0o600 })
    home.configure({
      transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
      liveness: {
        targets: [
          { name: 'clinic', url: `http://127.0.0.1:${checkInPort}/beat`, secretFile: 'watch-secret', everySeconds: 1 },
        ],
      },
    })
    const gatewayWords = ['start', '-c', join(home.folder, 'homebeat.yaml'), '--drain-seconds', '0']

    const watching = start('clinic', '-c', clinic.file)
    await until(() => reported().catch(() => undefined))
    let gateway = start(...gatewayWords)
    const present = await until(async () => {
      const report = await reported()
      return report?.state === 'present' ? report : undefined
    })
    expect(present.gateway).to.deep.include({ healthy: true, reasons: [], everySeconds: 1 })
    expect(duty.received).to.deep.equal([])

    await end(gateway, 'SIGKILL')
    await until(() => told('home-silent-test-home', 'raised'))
    const list = await clinicVerb('list')
    expect(list.stdout).to.match(/^test-home +silent for \d+ s .*ALARM/)
    expect((await clinicVerb('ack', 'test-home')).stdout).to.equal('test-home: acknowledged.\n')
    await until(() => told('home-silent-test-home', 'acknowledged'))

    gateway = start(...gatewayWords)
    await until(() => told('home-silent-test-home', 'cleared'))
    await until(async () => (await reported())?.state === 'present' || undefined)

    await end(gateway, 'SIGTERM')
    await until(() => told('home-stopped-test-home', 'raised'))
    expect((await reported())?.gateway?.state).to.equal('stopping')
    expect(duty.received.filter(({ body }) => JSON.parse(body).reason === 'raised')).to.have.length(2)
    await end(watching, 'SIGTERM')
    expect(watching.exitCode).to.equal(0)
  })

  it('says what to do where nothing runs, where a name is wrong, and where a home is enrolled already', async () => {
    clinic.configure()
    const list = await clinicVerb('list')
    expect(list.code).to.equal(1)
    expect(list.stderr).to.match(/^homebeat: No receiver runs on .*homebeat clinic/)
    const wrong = await clinicVerb('enrol', 'Mrs Smith')
    expect(wrong).to.include({ code: 2, stdout: '' })
    expect(wrong.stderr).to.contain('pseudonym')
    expect((await clinicVerb('enrol', 'test-home')).stderr).to.contain('--renew')
    const renewed = await clinicVerb('enrol', 'test-home', '--renew')
    expect(renewed.stdout).to.match(/^whsec_[A-Za-z0-9+/=]{44}\n/)
    expect((await clinicVerb('forget', 'test-home')).stdout).to.equal('test-home is watched no longer.\n')
    expect((await clinicVerb('forget', 'test-home')).stderr).to.contain('clinic list')
  })

  it('explains itself to a clinic’s administrator', async () => {
    const { stdout } = await homebeat('clinic', '--help')
    for (const part of ['enrol', 'list', 'ack', 'forget', 'clinic.example.yaml', 'liveness.targets'])
      expect(stdout).to.contain(part)
    expect((await homebeat('clinic', 'ack', '--help')).stdout).to.contain('--config')
  })
})
