import { expect } from 'chai'
import { composeGateway, type Gateway } from '#gateway/compose/gateway.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { freePort } from '#simulators/free-port.js'
import { connected, mqttClient, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { TestHome } from '#test/support/home.js'

describe('A gateway with a recording that cannot be played', function () {
  this.timeout(60_000)
  const home = new TestHome()
  let gateway: Gateway | null = null
  after(async () => {
    await gateway?.stop(0)
    home.remove()
  })

  it('starts, says so, and takes what its devices send', async () => {
    const port = await freePort()
    await writeSecret(home.folder, 'secret', 'a secret of the cuff')
    const configured = home.configure({
      transports: [
        { name: 'ecg', url: 'replay:nowhere.hea' },
        { name: 'b', url: `mqtt+broker://127.0.0.1:${port}`, devices: [{ id: 'cuff', secretFile: 'secret' }] },
      ],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    })
    gateway = await composeGateway(configured, { logger: silentLogger })
    await gateway.start()
    const login = { clientId: 'cuff', username: 'cuff', password: 'a secret of the cuff' }
    const cuff = await connected(mqttClient(port, login))
    await cuff.publishAsync('homebeat/v1/cuff/pulse', '{"id":"1","value":71,"unit":"/min"}', { qos: 1 })
    await cuff.endAsync()
    const { transports, measurements } = gateway.status()
    expect(transports[0]?.sentence).to.match(/no recording file .*nowhere\.hea/)
    expect(measurements.pulse).to.equal(1)
  })
})
