import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import type { MqttClient } from 'mqtt'
import { BROKER_PLACES } from '#gateway/intake/transports/mqtt/broker-listener.js'
import { BrokerTransport } from '#gateway/intake/transports/mqtt/broker-transport.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { ConnectionPlaces } from '#gateway/platform/net/connection-places.js'
import { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import {
  closeOf,
  connected,
  mqttClient,
  refusal,
  temporaryFolder,
  writeSecret,
} from '#test/gateway/intake/transports/brokers.js'
import { TestClock } from '#test/support/test-clock.js'

const LOGIN = { clientId: 'cuff', username: 'cuff', password: 'secret of cuff' }
/** CONNECT of 100 bytes, of which a part has come. */
const HALF_A_CONNECT = Buffer.from([0x10, 100, 0, 4, 0x4d, 0x51])

describe('The broker and who is not admitted', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let clock: TestClock
  let broker: BrokerTransport
  const clients: MqttClient[] = []
  const sockets: Socket[] = []
  const build = (url: string) =>
    new BrokerTransport({
      ...{ name: 'home', url, baseDir: folder.path, dataDir: folder.path, clock, logger: silentLogger },
      devices: [{ id: 'cuff', secretFile: 'cuff.secret', topics: ['tele/cuff'] }],
    })
  const device = async (options = {}) => {
    const client = mqttClient(broker.address().port, { ...LOGIN, ...options })
    clients.push(client)
    return connected(client)
  }
  const stranger = async (bytes: Buffer = Buffer.alloc(0)) => {
    const socket = connect(broker.address().port, '127.0.0.1')
    socket.on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
    socket.write(bytes)
    return socket
  }
  const isFull = () => broker.check().find(({ condition }) => condition === 'broker-full-home')?.present

  beforeEach(async () => {
    folder = await temporaryFolder()
    await writeSecret(folder.path, 'cuff.secret', 'secret of cuff')
    clock = new TestClock()
    broker = build('mqtt+broker://127.0.0.1:0')
    await broker.start()
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true)
    for (const socket of sockets.splice(0)) socket.destroy()
    await broker.stop()
    await folder.remove()
  })

  for (const [what, bytes] of [
    ['silent sockets', Buffer.alloc(0)],
    ['half CONNECTs', HALF_A_CONNECT],
  ] as const)
    it(`lets a device in beside 200 ${what}, and says that somebody takes the places`, async () => {
      expect(isFull()).to.equal(false)
      for (let i = 0; i < 200; i++) await stranger(bytes)
      await device()
      expect(broker.status().sentence).to.match(/^1 of 1/)
      expect(isFull()).to.equal(true)
      await clock.advance(60_000)
      expect(isFull()).to.equal(false)
    })

  it('closes what does not say for ten seconds who it is, and nobody else', async () => {
    const cuff = await device()
    const half = await stranger(HALF_A_CONNECT)
    const closed = once(half, 'close')
    await clock.advance(BROKER_PLACES.patienceMs)
    await closed
    expect(cuff.connected).to.equal(true)
    expect(isFull()).to.equal(false)
  })

  const refusedMqtt5 = async (properties: object) => {
    const client = mqttClient(broker.address().port, { ...LOGIN, protocolVersion: 5, properties })
    clients.push(client)
    const connack = new Promise<{ properties?: { reasonString?: string } }>((resolve) =>
      client.on('packetreceive', (packet) => packet.cmd === 'connack' && resolve(packet)),
    )
    return { code: await refusal(client), reason: (await connack).properties?.reasonString }
  }
  it('turns MQTT 5 away in its own words', async () => {
    const { code, reason } = await refusedMqtt5({})
    expect(code).to.equal(0x84)
    expect(reason).to.include('3.1.1')
  })

  it('turns MQTT 5 away without words that are too long for the client', async () => {
    expect(await refusedMqtt5({ maximumPacketSize: 40 })).to.deep.equal({ code: 0x84, reason: undefined })
  })

  it('reads no CONNECT of more than 16 KiB', async () => {
    // Remaining length 20,000.
    const socket = await stranger(Buffer.from([0x10, 0xa0, 0x9c, 0x01]))
    await once(socket, 'close')
  })

  for (const [what, topic] of [
    ['a NUL', 'homebeat/v1/cuff/a\0b'],
    ['a surrogate', 'homebeat/v1/cuff/a\ud800b'],
  ] as const) {
    it(`ends the connection on a topic with ${what}`, async () => {
      const cuff = await device()
      const closed = closeOf(cuff)
      cuff.publish(topic, 'x', { qos: 1 })
      await closed
    })
    it(`ends the connection on a filter with ${what}`, async () => {
      const cuff = await device()
      const closed = closeOf(cuff)
      cuff.subscribe(topic)
      await closed
    })
    it(`ends the connection on a last will with ${what}`, async () => {
      const will = { topic: topic.replace('homebeat/v1', 'tele'), payload: Buffer.from('gone'), qos: 0, retain: false }
      const outcome = await device({ will }).then(
        () => 'admitted',
        () => 'closed',
      )
      expect(outcome).to.equal('closed')
    })
  }

  it('ends the connection on a topic that is no UTF-8', async () => {
    const reader = new FrameReader(broker)
    const cuff = await device()
    const closed = closeOf(cuff)
    const topic = Buffer.concat([Buffer.from('homebeat/v1/cuff/'), Buffer.from([0xc3, 0x28])])
    cuff.stream.write(Buffer.concat([Buffer.from([0x30, topic.length + 3, 0, topic.length]), topic, Buffer.from('x')]))
    await closed
    await broker.stop()
    expect((await reader.rest()).filter(({ format }) => format === 'mqtt-publish')).to.deep.equal([])
  })

  it('speaks no suite with CBC', async () => {
    await broker.stop()
    broker = build('mqtts+broker://127.0.0.1:0')
    await broker.start()
    const attempt = (ciphers: string) =>
      new Promise<string>((resolve) => {
        const { port } = broker.address()
        const options = { host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion: 'TLSv1.2', ciphers } as const
        const socket = connectTls(options, () => resolve(socket.getCipher().name))
        socket.on('error', () => resolve('refused'))
        sockets.push(socket)
      })
    expect(await attempt('ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384')).to.equal('refused')
    expect(await attempt('ECDHE-ECDSA-AES128-GCM-SHA256')).to.equal('ECDHE-ECDSA-AES128-GCM-SHA256')
  })
})

describe('Places of connections', () => {
  let clock: TestClock
  let places: ConnectionPlaces
  let port = 0
  const enter = (remoteAddress: string) => {
    const socket = {
      ...{ remoteAddress, remotePort: port++, open: true, once: () => {} },
      destroy() {
        this.open = false
      },
    }
    places.enter(socket as unknown as Socket)
    return socket
  }
  const asSocket = (fake: ReturnType<typeof enter>) => fake as unknown as Socket
  beforeEach(() => {
    clock = new TestClock()
    places = new ConnectionPlaces(clock, BROKER_PLACES, new KnownAddresses(null, { clock, logger: silentLogger }))
  })

  it('are taken from the oldest of the same address that has said nothing', () => {
    const elsewhere = enter('192.0.2.1')
    const asking = enter('192.0.2.7')
    places.asks(asSocket(asking))
    const silent = Array.from({ length: BROKER_PLACES.perAddress }, () => enter('192.0.2.7'))
    expect([elsewhere.open, asking.open]).to.deep.equal([true, true])
    expect(silent.map(({ open }) => open)).to.deep.equal([false, ...Array(BROKER_PLACES.perAddress - 1).fill(true)])
  })

  it('are kept for the addresses of devices when strangers come from everywhere', () => {
    places.admitted(asSocket(enter('192.0.2.7')))
    const again = enter('192.0.2.7')
    const many = Array.from({ length: 4 * BROKER_PLACES.inAll }, (_, i) => enter(`10.0.${i}.1`))
    expect(again.open).to.equal(true)
    expect(many.filter(({ open }) => open)).to.have.length(BROKER_PLACES.inAll - 1)
  })

  it('are kept for them after a restart too, also where it came before they were written', async () => {
    const folder = await temporaryFolder()
    try {
      const path = join(folder.path, 'known-home.json')
      const restarted = () => {
        const known = new KnownAddresses(path, { clock, logger: silentLogger })
        places = new ConnectionPlaces(clock, BROKER_PLACES, known)
      }
      restarted()
      places.admitted(asSocket(enter('192.0.2.7')))
      places.close()
      restarted()
      places.admitted(asSocket(enter('2001:db8:1:2:3::4')))
      await clock.advance(10_000)
      restarted()
      const again = [enter('192.0.2.7'), enter('2001:db8:1:2:9::9')]
      for (let i = 0; i < 4 * BROKER_PLACES.inAll; i++) enter(`10.0.${i}.1`)
      expect(again.map(({ open }) => open)).to.deep.equal([true, true])
      writeFileSync(path, 'no JSON', { mode: 0o600 })
      restarted()
      expect(enter('192.0.2.7').open).to.equal(true)
    } finally {
      await folder.remove()
    }
  })

  it('remember a bounded number of addresses', () => {
    const known = new KnownAddresses(null, { clock, logger: silentLogger })
    for (let i = 0; i < 20_000; i++) known.add(`a${i}`)
    expect([known.has('a0'), known.has('a19999')]).to.deep.equal([false, true])
    let kept = 0
    for (let i = 0; i < 20_000; i++) kept += Number(known.has(`a${i}`))
    expect(kept).to.equal(16_384)
  })
})
