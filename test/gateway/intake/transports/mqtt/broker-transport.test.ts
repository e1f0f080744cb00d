import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import type { IClientOptions, MqttClient } from 'mqtt'
import { Decoder } from '#gateway/intake/decode/decoder.js'
import { BrokerTransport } from '#gateway/intake/transports/mqtt/broker-transport.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
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

const COMMITTED = { outcome: 'committed' } as const
const TOPIC = 'homebeat/v1/cuff/data'

describe('BrokerTransport', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let clock: TestClock
  let broker: BrokerTransport
  let reader: FrameReader
  const clients: MqttClient[] = []

  const build = (options: { port?: number; maxUnsettled?: number } = {}) =>
    new BrokerTransport({
      name: 'broker',
      url: `mqtt+broker://127.0.0.1:${options.port ?? 0}`,
      devices: [
        { id: 'cuff', secretFile: 'cuff.secret' },
        { id: 'meter', secretFile: 'meter.secret' },
      ],
      baseDir: folder.path,
      clock,
      logger: silentLogger,
      ...(options.maxUnsettled === undefined ? {} : { maxUnsettled: options.maxUnsettled }),
    })
  const device = (id: string, options: IClientOptions = {}) => {
    const client = mqttClient(broker.address().port, {
      clientId: id,
      username: id,
      password: `secret of ${id}`,
      ...options,
    })
    clients.push(client)
    return client
  }
  const failure = (promise: Promise<unknown>): Promise<HomebeatError> =>
    promise.then(
      () => Promise.reject(new Error('it did not fail')),
      (error: HomebeatError) => error,
    )
  /** What the transport counts as refused, after the report's second has passed. */
  const refused = async () => {
    await clock.advance(1000)
    for (;;) {
      const event = await reader.find('transport-event')
      if (event.event === 'refused') return event
    }
  }

  beforeEach(async () => {
    folder = await temporaryFolder()
    await writeSecret(folder.path, 'cuff.secret', 'secret of cuff')
    await writeSecret(folder.path, 'meter.secret', 'secret of meter')
    clock = new TestClock()
    broker = build()
    reader = new FrameReader(broker)
    await broker.start()
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true)
    await broker.stop()
    await folder.remove()
  })

  describe('acknowledging', () => {
    for (const qos of [1, 2] as const)
      it(`answers a QoS ${qos} message only when its frame is committed`, async () => {
        const cuff = await connected(device('cuff'))
        const received: string[] = []
        cuff.on('packetreceive', (packet) => received.push(packet.cmd))
        let acknowledged = false
        const published = cuff.publishAsync(TOPIC, 'reading', { qos }).then(() => {
          acknowledged = true
        })
        const frame = await reader.find('mqtt-publish')
        expect(frame).to.include({ topic: TOPIC, deviceId: 'cuff', receivedAt: clock.now() })
        expect(Buffer.from(frame.payload).toString()).to.equal('reading')
        // Another device's exchange takes longer than an acknowledgement would.
        const meter = await connected(device('meter'))
        await meter.publishAsync('homebeat/v1/meter/data', 'x', { qos: 0 })
        await reader.find('mqtt-publish')
        expect(acknowledged).to.equal(false)
        expect(received.filter((cmd) => cmd !== 'pingresp')).to.deep.equal([])
        frame.settle(COMMITTED)
        await published
        expect(received).to.deep.equal(qos === 1 ? ['puback'] : ['pubrec', 'pubcomp'])
      })

    it('acknowledges a message that will never be kept, so that it is not sent for ever', async () => {
      const cuff = await connected(device('cuff'))
      const published = cuff.publishAsync(TOPIC, 'nonsense', { qos: 1 })
      const frame = await reader.find('mqtt-publish')
      frame.settle({ outcome: 'refused', code: 'decode.json', reason: 'not JSON' })
      await published
      expect(cuff.connected).to.equal(true)
    })

    it('closes the connection when a message cannot be stored now, and takes it when it comes again', async () => {
      const session = { clean: false }
      const cuff = await connected(device('cuff', session))
      const closed = closeOf(cuff)
      let acknowledged = 0
      cuff.publish(TOPIC, 'reading', { qos: 1 }, (error) => {
        if (!error) acknowledged++
      })
      const first = await reader.find('mqtt-publish')
      first.settle({ outcome: 'not-stored', code: 'journal.disk-full', reason: 'the disk is full' })
      await closed
      expect(acknowledged).to.equal(0)
      const again = await connected(device('cuff', session))
      const published = again.publishAsync(TOPIC, 'reading', { qos: 1, dup: true })
      const second = await reader.find('mqtt-publish')
      expect(Buffer.from(second.payload).toString()).to.equal('reading')
      second.settle(COMMITTED)
      await published
    })

    it('answers a QoS 2 message again that was kept before its PUBREC got lost, without a second frame', async () => {
      const session = { clean: false }
      const cuff = await connected(device('cuff', session))
      cuff.publish(TOPIC, 'once', { qos: 2 })
      const frame = await reader.find('mqtt-publish')
      const closed = closeOf(cuff)
      cuff.end(true)
      await closed
      let event = await reader.find('transport-event')
      while (event.event !== 'disconnected') event = await reader.find('transport-event')
      frame.settle(COMMITTED)
      const again = await connected(device('cuff', session))
      const received = new Promise<string>((resolve) => again.once('packetreceive', (packet) => resolve(packet.cmd)))
      const raw = again as unknown as { _sendPacket(packet: object): void }
      raw._sendPacket({
        cmd: 'publish',
        topic: TOPIC,
        payload: 'once',
        qos: 2,
        dup: true,
        messageId: cuff.getLastMessageId(),
      })
      expect(await received).to.equal('pubrec')
      const next = again.publishAsync(TOPIC, 'next', { qos: 1 })
      const following = await reader.find('mqtt-publish')
      expect(Buffer.from(following.payload).toString()).to.equal('next')
      following.settle(COMMITTED)
      await next
    })

    it('lets only so many messages be under way, and takes the next when one is settled', async () => {
      await broker.stop()
      broker = build({ maxUnsettled: 2 })
      reader = new FrameReader(broker)
      await broker.start()
      const cuff = await connected(device('cuff'))
      const published = [1, 2, 3, 4].map((n) => cuff.publishAsync(TOPIC, String(n), { qos: 1 }))
      const first = await reader.find('mqtt-publish')
      const second = await reader.find('mqtt-publish')
      let third: string | null = null
      const waiting = reader.find('mqtt-publish').then((frame) => {
        third = Buffer.from(frame.payload).toString()
        return frame
      })
      await connected(device('meter'))
      expect(third).to.equal(null)
      first.settle(COMMITTED)
      await waiting.then((frame) => frame.settle(COMMITTED))
      expect(third).to.equal('3')
      second.settle(COMMITTED)
      ;(await reader.find('mqtt-publish')).settle(COMMITTED)
      await Promise.all(published)
    })
  })

  describe('letting in', () => {
    it('says which devices come and go', async () => {
      const cuff = await connected(device('cuff'))
      expect(await reader.find('transport-event')).to.include({
        event: 'connected',
        deviceId: 'cuff',
        detail: 'device cuff connected',
      })
      expect(broker.status().sentence).to.match(/^1 of 2 devices connected to the broker on 127\.0\.0\.1:\d+$/)
      await cuff.endAsync()
      expect(await reader.find('transport-event')).to.include({
        event: 'disconnected',
        deviceId: 'cuff',
        detail: 'device cuff disconnected',
      })
    })

    for (const [who, options] of [
      ['an unknown device', { clientId: 'stranger', username: 'stranger', password: 'secret of cuff' }],
      ['a device with a wrong password', { password: 'secret of meter' }],
      ['a device without a password', { password: '' }],
      ['a device under another user name', { username: 'meter', password: 'secret of meter' }],
      ['a client without a name', { username: '', password: '', clientId: '' }],
      ['a client named like a property', { clientId: '__proto__', username: '__proto__', password: '' }],
    ] as const)
      it(`refuses ${who}`, async () => {
        expect(await refusal(device('cuff', options))).to.equal(4)
        const event = await refused()
        expect(event.count).to.equal(1)
        expect(event.detail).to.match(/unknown devices or with a wrong password/)
      })

    it('refuses to start when a secret can be read by others, or is not there', async () => {
      await broker.stop()
      await writeSecret(folder.path, 'cuff.secret', 'secret of cuff', 0o644)
      const open = await failure(broker.start())
      expect(open.code).to.equal('secret.mode')
      expect(open.message).to.match(/chmod 600/)
      expect(broker.status().state).to.equal('stopped')
      await writeSecret(folder.path, 'cuff.secret', '')
      expect((await failure(build().start())).code).to.equal('secret.empty')
      await folder.remove()
      expect((await failure(build().start())).code).to.equal('secret.not-found')
    })

    it('refuses to start on a port that is in use', async () => {
      const error = await failure(build({ port: broker.address().port }).start())
      expect(error.code).to.equal('mqtt.port-in-use')
      expect(error.message).to.match(/^port \d+ is already in use on 127\.0\.0\.1: stop the other broker or choose/)
    })
  })

  describe('what a device may do', () => {
    for (const [what, topic] of [
      ['another device’s topic', 'homebeat/v1/meter/data'],
      ['a topic outside', 'elsewhere'],
      ['the bare topic of its own', 'homebeat/v1/cuff/'],
      ['a topic of the broker', '$SYS/x'],
    ] as const)
      it(`drops what comes on ${what}, keeps the connection, and makes no frame of it`, async () => {
        const cuff = await connected(device('cuff'))
        await cuff.publishAsync(topic, 'x', { qos: 1, retain: true })
        const published = cuff.publishAsync(TOPIC, 'own', { qos: 1 })
        const frame = await reader.find('mqtt-publish')
        expect(Buffer.from(frame.payload).toString()).to.equal('own')
        frame.settle(COMMITTED)
        await published
        const event = await refused()
        expect(event.count).to.equal(1)
        expect(event.detail).to.match(/not the device’s own/)
      })

    it('takes a retained message of its own as what it is: a message', async () => {
      const cuff = await connected(device('cuff'))
      const published = cuff.publishAsync(TOPIC, 'x', { qos: 1, retain: true })
      ;(await reader.find('mqtt-publish')).settle(COMMITTED)
      await published
    })

    it('acknowledges a payload of more than 64 KiB only when its frame is settled: it is kept, with its reason', async () => {
      const cuff = await connected(device('cuff'))
      let acknowledged = 0
      const published = Array.from({ length: 3 }, () =>
        cuff.publishAsync(TOPIC, Buffer.alloc(70_000), { qos: 1 }).then(() => acknowledged++),
      )
      const frame = await reader.find('mqtt-publish')
      expect(frame.payload).to.have.length(70_000)
      expect(new Decoder().decode(frame).unmapped).to.include({ code: 'decode.sensor', payload: frame.payload })
      expect(acknowledged).to.equal(0)
      frame.settle(COMMITTED)
      for (let i = 1; i < 3; i++) (await reader.find('mqtt-publish')).settle(COMMITTED)
      await Promise.all(published)
    })

    it('does not even read a packet that announces 100 MB, whoever sends it', async () => {
      const socket = connect(broker.address().port, '127.0.0.1')
      socket.on('error', () => {})
      const closed = once(socket, 'close')
      // CONNECT, remaining length 104,857,600
      socket.write(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x32]))
      await closed
      expect((await refused()).detail).to.match(/too long to be read/)
    })

    it('gives a subscription below its own topic, and none elsewhere', async () => {
      const cuff = await connected(device('cuff'))
      const granted: number[] = []
      cuff.on('packetreceive', (packet) => {
        if (packet.cmd === 'suback') granted.push(...(packet.granted as number[]))
      })
      for (const topic of ['homebeat/v1/cuff/#', 'homebeat/v1/meter/#', 'homebeat/#', '#', 'homebeat/v1/+/data'])
        await cuff.subscribeAsync(topic, { qos: 0 }).catch(() => {})
      expect(granted).to.deep.equal([0, 128, 128, 128, 128])
    })
  })
})
