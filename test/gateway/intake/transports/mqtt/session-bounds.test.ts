import { expect } from 'chai'
import type { IClientOptions, MqttClient } from 'mqtt'
import { BrokerTransport } from '#gateway/intake/transports/mqtt/broker-transport.js'
import { MAX_FILTERS } from '#gateway/intake/transports/mqtt/session-bounds.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import { connected, mqttClient, temporaryFolder, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { TestClock } from '#test/support/test-clock.js'

const COMMITTED = { outcome: 'committed' } as const
const OWN = 'homebeat/v1/cuff'

describe('What an enrolled device may make the broker keep', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let clock: TestClock
  let broker: BrokerTransport
  let reader: FrameReader
  const clients: MqttClient[] = []
  const connect = async (options: IClientOptions = {}) => {
    const login = { clientId: 'cuff', username: 'cuff', password: 'secret of cuff' }
    const client = mqttClient(broker.address().port, { ...login, ...options })
    clients.push(client)
    return connected(client)
  }
  /** Filters of one SUBSCRIBE → what its SUBACK grants. */
  const subscribe = async (client: MqttClient, filters: readonly string[]): Promise<number[]> => {
    const granted = new Promise<number[]>((resolve) => {
      client.on('packetreceive', (packet) => packet.cmd === 'suback' && resolve(packet.granted as number[]))
    })
    await client.subscribeAsync([...filters], { qos: 1 }).catch(() => {})
    return granted
  }
  const filters = (from: number, count: number) => Array.from({ length: count }, (_, i) => `${OWN}/filter-${from + i}`)

  beforeEach(async () => {
    folder = await temporaryFolder()
    await writeSecret(folder.path, 'cuff.secret', 'secret of cuff')
    clock = new TestClock()
    broker = new BrokerTransport({
      ...{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0', baseDir: folder.path, clock, logger: silentLogger },
      devices: [{ id: 'cuff', secretFile: 'cuff.secret' }],
    })
    reader = new FrameReader(broker)
    await broker.start()
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true)
    await broker.stop()
    await folder.remove()
  })

  it(`is ${MAX_FILTERS} subscriptions, over all SUBSCRIBEs and connections of its session`, async () => {
    const session = { clean: false }
    const first = await connect(session)
    const granted = await subscribe(first, filters(0, 500))
    expect(granted.filter((qos) => qos !== 128)).to.have.length(MAX_FILTERS)
    expect(await subscribe(first, filters(500, 3))).to.deep.equal([128, 128, 128])
    expect(await subscribe(first, filters(0, 1))).to.deep.equal([1])
    await first.endAsync()
    const second = await connect(session)
    expect(await subscribe(second, filters(500, 3))).to.deep.equal([128, 128, 128])
    await second.unsubscribeAsync(filters(0, 2))
    expect(await subscribe(second, filters(500, 3))).to.deep.equal([1, 1, 128])
  })

  it('is no filter of more than 256 bytes', async () => {
    const client = await connect()
    expect(await subscribe(client, [`${OWN}/${'x'.repeat(300)}`, `${OWN}/x`])).to.deep.equal([128, 1])
  })

  it('is none of its own messages: a subscriber that reads nothing holds up nobody', async () => {
    const cuff = await connect({ clean: false })
    await subscribe(cuff, [`${OWN}/#`])
    const got: string[] = []
    cuff.on('message', (topic) => got.push(topic))
    const published = cuff.publishAsync(`${OWN}/data`, 'x', { qos: 1 })
    ;(await reader.find('mqtt-publish')).settle(COMMITTED)
    await published
    await cuff.endAsync()
    // What was kept for it would come with its next connection.
    const again = await connect({ clean: false })
    again.on('message', (topic) => got.push(topic))
    const next = again.publishAsync(`${OWN}/data`, 'y', { qos: 1 })
    ;(await reader.find('mqtt-publish')).settle(COMMITTED)
    await next
    expect(got).to.deep.equal([])
  })
})
