import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { expect } from 'chai'
import type { IClientOptions, MqttClient } from 'mqtt'
import type { Broker, Client, PublishPacket } from '#gateway/intake/transports/mqtt/aedes.js'
import { BrokerTransport } from '#gateway/intake/transports/mqtt/broker-transport.js'
import { MAX_FILTERS, SessionBounds } from '#gateway/intake/transports/mqtt/session-bounds.js'
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

  it('is of a QoS 2 exchange that it never ends its number alone, and of those a thousand', async () => {
    const kept: PublishPacket[] = []
    const persistence = {
      incomingStorePacket: async (_client: unknown, packet: PublishPacket) => void kept.push(packet),
      addSubscriptions: async () => {},
    }
    const broker = { persistence, publish: () => {}, on: () => {} } as unknown as Broker
    new SessionBounds().install(broker)
    const packet = {
      cmd: 'publish',
      messageId: 7,
      qos: 2,
      topic: `${OWN}/${'x'.repeat(60_000)}`,
      payload: Buffer.alloc(9),
    }
    await broker.persistence.incomingStorePacket({} as Client, packet as unknown as PublishPacket)
    expect(JSON.stringify(kept).length).to.be.below(200)
    expect(kept[0]).to.include({ messageId: 7, qos: 2 })
  })

  it('is no thousand exchanges of QoS 2 beside each other: the next ends its connection', async () => {
    const socket = connectSocket(broker.address().port, '127.0.0.1')
    socket.on('error', () => {})
    const text = (words: string) => Buffer.concat([Buffer.from([0, words.length]), Buffer.from(words)])
    const login = ['MQTT', 'cuff', 'cuff', 'secret of cuff'].map(text)
    const connecting = Buffer.concat([login[0] as Buffer, Buffer.from([4, 0xc2, 0, 0]), ...login.slice(1)])
    socket.write(Buffer.concat([Buffer.from([0x10, connecting.length]), connecting]))
    await once(socket, 'data')
    const closed = once(socket, 'close')
    socket.resume()
    for (let messageId = 1; messageId <= 1100; messageId++) {
      const message = Buffer.concat([text(`${OWN}/data`), Buffer.from([messageId >> 8, messageId & 0xff, 0x78])])
      socket.write(Buffer.concat([Buffer.from([0x34, message.length]), message]))
    }
    let taken = 0
    let isOpen = true
    void closed.then(() => {
      isOpen = false
    })
    while (isOpen) {
      const frame = await Promise.race([reader.find('mqtt-publish'), closed, clock.advance(1000).then(() => null)])
      if (frame && 'settle' in frame) {
        frame.settle(COMMITTED)
        taken++
      }
    }
    expect(taken).to.be.within(900, 1100)
  })
})
