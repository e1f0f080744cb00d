import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import mqtt from 'mqtt'
import { packageRoot } from '#gateway/platform/package-root.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { freePort } from '#simulators/free-port.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

describe('homebeat device', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const config = join(home.folder, 'homebeat.yaml')
  let gateway: ChildProcess | undefined
  let port: number

  const device = (...args: string[]) => homebeat('device', ...args, '-c', config)
  const configure = (broker: object) =>
    home.configure({
      transports: [{ name: 'broker', ...broker }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    })

  before(async () => {
    port = await freePort()
    configure({ url: `mqtts+broker://127.0.0.1:${port}` })
    const program = join(packageRoot, 'dist/gateway/main.js')
    gateway = spawn(process.execPath, [program, 'start', '-c', config], { stdio: ['ignore', 'ignore', 'inherit'] })
    while (readRunFile(home.dataDir)?.pid !== gateway.pid) {
      if (gateway.exitCode !== null) throw new Error('the gateway ended early')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
  after(async () => {
    if (gateway && gateway.exitCode === null) {
      gateway.kill('SIGTERM')
      await once(gateway, 'exit')
    }
    home.remove()
  })

  it('prints a code, by which a device fetches the credential that it connects with, and takes it away again', async () => {
    const { certificate } = JSON.parse((await device('ca', '--json')).stdout)
    const enrolled = await device('enrol', 'cuff', '--minutes', '5')
    expect(enrolled.stderr).to.equal('')
    const code = enrolled.stdout.split('\n')[0] ?? ''
    expect(code).to.match(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/)
    expect((await device('list')).stdout).to.match(/^cuff +enrolling; a code is good until \d\d:\d\d\n$/)

    const connect = (password: string) => {
      const login = { clientId: 'cuff', username: 'cuff', password, ca: certificate, reconnectPeriod: 0 }
      return mqtt.connectAsync(`mqtts://127.0.0.1:${port}`, login)
    }
    const enrolling = await connect(code)
    const said = new Promise<string>((resolve) =>
      enrolling.once('message', (_, payload) => resolve(payload.toString())),
    )
    await enrolling.subscribeAsync('homebeat/v1/cuff/enrolment', { qos: 1 })
    const { credential } = JSON.parse(await said)
    await enrolling.endAsync()
    const cuff = await connect(credential)
    const reading = JSON.stringify({ id: '1', value: 70, unit: '/min' })
    await cuff.publishAsync('homebeat/v1/cuff/pulse', reading, { qos: 1 })
    expect((await device('list')).stdout).to.match(/^cuff +enrolled\n$/)

    const closed = once(cuff as unknown as NodeJS.EventEmitter, 'close')
    expect((await device('revoke', 'cuff')).stdout).to.equal('cuff may not connect any more\n')
    await closed
    expect((await device('list')).stdout).to.equal('no devices\n')
    const refused = await connect(credential).catch((error: { code: number }) => error.code)
    expect(refused).to.equal(4)
  })

  it('prints a credential for a device that cannot enrol, and no second one', async () => {
    const added = await device('add', 'scale')
    expect(added.stdout).to.match(/^[\w-]{43}\n$/)
    expect(readFileSync(join(home.dataDir, 'devices.json'), 'utf8')).to.not.contain(added.stdout.trim())
    const again = await device('add', 'scale')
    expect(again).to.include({ code: 1, stdout: '' })
    expect(again.stderr).to.match(/^homebeat: scale has a credential: revoke it first .*\n$/)
  })

  it('prints the certificate to pin, with its fingerprint', async () => {
    const { stdout } = await device('ca')
    expect(stdout).to.match(
      /^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\nSHA-256 fingerprint: ([0-9A-F]{2}:){31}[0-9A-F]{2}\n$/,
    )
  })

  it('says in one line what it cannot take', async () => {
    for (const [args, pattern, code] of [
      [['revoke', 'nobody'], /There is no device nobody/, 1],
      [['enrol', 'Not-An-Id'], /lower-case/, 1],
    ] as const) {
      const result = await device(...args)
      expect(result.stderr).to.match(pattern)
      expect(result.stderr.trim().split('\n'), result.stderr).to.have.length(1)
      expect(result.code).to.equal(code)
    }
  })
})

describe('homebeat start with a broker that will not do', function () {
  this.timeout(60_000)
  const home = new TestHome()
  after(() => home.remove())

  for (const [what, broker, pattern] of [
    ['is open to the network', { url: 'mqtt+broker://0.0.0.0:0' }, /say allowUnencrypted: true/],
    [
      'has no certificate where it should be',
      { url: 'mqtts+broker://127.0.0.1:0', tls: { certFile: 'none.crt', keyFile: 'homebeat.yaml' } },
      /The certificate .*none\.crt cannot be used: there is no such file/,
    ],
    [
      'has half a certificate',
      { url: 'mqtts+broker://127.0.0.1:0', tls: { certFile: 'none.crt' } },
      /transports\[0\]\.tls\.keyFile: is missing: give certFile and keyFile together/,
    ],
    [
      'gives a device topics of another',
      {
        url: 'mqtt+broker://127.0.0.1:0',
        devices: [
          { id: 'a', topics: ['tele'] },
          { id: 'b', topics: ['tele/b'] },
        ],
      },
      /the topics of a and b overlap/,
    ],
  ] as const)
    it(`ends with one clear line when it ${what}`, async () => {
      let message = ''
      try {
        home.configure({
          transports: [{ name: 'broker', ...broker }],
          chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
        })
        const result = await homebeat('start', '-c', join(home.folder, 'homebeat.yaml'))
        expect(result.code).to.equal(2)
        message = result.stderr
        expect(message.trim().split('\n'), message).to.have.length(1)
      } catch (error) {
        message = (error as Error).message
      }
      expect(message).to.match(pattern)
    })
})
