import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Gateway } from '#gateway/compose/gateway.js'
import { composeGateway } from '#gateway/compose/gateway.js'
import type { RetryResult, UnmappedListing } from '#gateway/engine/mapping-commands.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { freePort } from '#simulators/free-port.js'
import { connected, mqttClient, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { journalAt } from '#test/gateway/journal/journal-fixture.js'
import { TestHome } from '#test/support/home.js'

const SITE = `
devices: { OX-7: oximeter-1 }
templates:
  - template: site
    title: our oximeter
    rules:
      - name: spo2
        topic: ox/{serial}
        device: { segment: serial }
        readings: [{ sensor: spo2, value: { pointer: /o2 }, unit: { fixed: "%" } }]
`

describe('A running gateway and messages that it cannot read', function () {
  this.timeout(60_000)
  const home = new TestHome()
  let gateway: Gateway | null = null
  let port = 0

  const configure = (parts: object = {}) =>
    home.configure({
      transports: [
        { name: 'b', url: `mqtt+broker://127.0.0.1:${port}`, devices: [{ id: 'bridge', secretFile: 'secret' }] },
      ],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
      ...parts,
    })

  before(async () => {
    port = await freePort()
    await writeSecret(home.folder, 'secret', 'a-secret-of-the-bridge')
    writeFileSync(join(home.folder, 'site.yaml'), SITE)
  })
  after(async () => {
    await gateway?.stop(0)
    home.remove()
  })

  it('acknowledges one that breaks the contract when it is kept, and says why', async () => {
    gateway = await composeGateway(configure(), { logger: silentLogger })
    await gateway.start()
    const identity = { clientId: 'bridge', username: 'bridge', password: 'a-secret-of-the-bridge' }
    const client = await connected(mqttClient(port, identity))
    await client.publishAsync('homebeat/v1/bridge/pulse', '{"id":"1","value":71,"unit":"bpm"}', { qos: 1 })
    const { messages } = await callGateway<UnmappedListing>(home.dataDir, 'map.unmapped')
    expect(messages.map(({ code, device, payload }) => ({ code, device, payload }))).to.deep.equal([
      { code: 'decode.payload', device: 'bridge', payload: '{"id":"1","value":71,"unit":"bpm"}' },
    ])
    // Of the topic and of the payload.
    expect(gateway.status().unmapped).to.deep.equal([{ deviceId: 'bridge', waiting: 1, bytes: 58, overflowed: 0 }])
    expect(gateway.status().frames.refused).to.equal(1)
    await client.endAsync()
    await gateway.stop(0)
  })

  it('takes one that was kept, once the site has a mapping for it', async () => {
    const journal = journalAt(join(home.dataDir, 'journal.db'))
    await journal.start()
    const payload = new TextEncoder().encode('{"o2":93}')
    const kept = {
      deviceId: 'bridge',
      topic: 'ox/OX-7',
      payload,
      receivedAt: Date.now(),
      code: 'map.topic',
      reason: 'x',
    }
    await journal.commit({ measurements: [], transitions: [], unmapped: [kept] })
    await journal.stop()

    gateway = await composeGateway(configure({ mappings: ['site.yaml'] }), { logger: silentLogger })
    await gateway.start()
    const result = await callGateway<RetryResult>(home.dataDir, 'map.retry')
    expect(result).to.deep.equal({ looked: 2, mapped: 1, measurements: 1 })
    expect(gateway.status().measurements.spo2).to.equal(1)
    await gateway.stop(0)
  })

  it('does not start with a mapping file that is wrong', async () => {
    writeFileSync(join(home.folder, 'wrong.yaml'), 'devices: { a: "Erna Muster" }')
    const error = await composeGateway(configure({ mappings: ['wrong.yaml'] }), { logger: silentLogger }).catch(
      (e) => e,
    )
    expect(error).to.include({ code: 'config.mapping' })
    expect(error.message).to.match(/^wrong\.yaml:1: devices\.a: /)
  })
})
