import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { composeGateway } from '#gateway/compose/gateway.js'
import { createLogger } from '#gateway/platform/logger.js'
import { Receiver } from '#test/gateway/alarms/channels/receiver.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

describe('homebeat channel', function () {
  this.timeout(60_000)
  let home: TestHome
  let receiver: Receiver
  let url: string
  beforeEach(async () => {
    home = new TestHome()
    receiver = new Receiver()
    url = await receiver.start()
  })
  afterEach(async () => {
    await receiver.stop()
    home.remove()
  })
  const configure = (alerts: object) =>
    home.configure({
      transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
      alerts,
    })
  const clinic = () => ({ type: 'webhook', name: 'clinic', url })
  const channel = (...args: string[]) => homebeat('channel', ...args, '--config', join(home.folder, 'homebeat.yaml'))

  it('lists who is reached how', async () => {
    const phones = { type: 'ntfy', name: 'phones', url }
    configure({
      channels: [clinic(), phones],
      contacts: [{ id: 'son', role: 'family', channel: 'phones', address: 't' }],
    })
    const { code, stdout } = await channel('list')
    expect(code).to.equal(0)
    const origin = new URL(url).origin
    expect(stdout).to.equal(
      `clinic           told of everything: POSTs JSON to ${origin}\nphones           son: posts to a topic at ${origin}\n`,
    )
  })

  it('sends a test message where no gateway runs, and fails where it was not delivered', async () => {
    configure({ channels: [clinic()] })
    expect(await channel('test', 'clinic')).to.deep.equal({ code: 0, stdout: 'clinic: delivered\n', stderr: '' })
    receiver.status = 410
    const refused = { code: 1, stdout: 'clinic: not delivered: HTTP 410\n', stderr: '' }
    expect(await channel('test', 'clinic')).to.deep.equal(refused)
    expect(receiver.received.map(({ body }) => JSON.parse(body).reason)).to.deep.equal(['test', 'test'])
  })

  it('lets a running gateway send it', async () => {
    const loaded = configure({ channels: [clinic()] })
    const gateway = await composeGateway(loaded, { logger: createLogger('silent') })
    await gateway.start()
    try {
      expect(await channel('test', 'clinic')).to.include({ code: 0, stdout: 'clinic: delivered\n' })
      const { code, stderr } = await channel('test', 'pigeon')
      expect(code).to.equal(1)
      expect(stderr).to.equal('homebeat: There is no alert channel pigeon: choose clinic.\n')
    } finally {
      await gateway.stop(0)
    }
    // Only the gateway's own test message: it is no alert, and no lane owes it.
    expect(receiver.received).to.have.length(1)
  })

  it('prints a key for web push, always the same', async () => {
    configure({ channels: [] })
    const [first, second] = [await channel('push-key'), await channel('push-key')]
    expect(first.stdout).to.match(/^[A-Za-z0-9_-]{87}\n$/)
    expect(second).to.deep.equal(first)
  })

  it('says in one line what is missing for a channel', async () => {
    const secret = join(home.folder, 'secret')
    configure({ channels: [{ ...clinic(), secretFile: 'secret' }] })
    const { code, stdout, stderr } = await channel('test', 'clinic')
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    expect(stderr).to.equal(`homebeat: There is no secret file ${secret}: create it with mode 600.\n`)
    writeFileSync(secret, 'whsec_short', { mode: 0o600 })
    expect((await channel('list')).stderr).to.match(
      /^homebeat: The secretFile of the alert channel clinic must hold [^\n]+\n$/,
    )
  })
})
