import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import type { IClientOptions, MqttClient } from 'mqtt'
import { BrokerTransport, type BrokerTransportOptions } from '#gateway/intake/transports/mqtt/broker-transport.js'
import { EnrolledDevices } from '#gateway/intake/transports/mqtt/enrolled-devices.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { ownCertificate } from '#gateway/platform/net/certificate.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import {
  closeOf,
  connected,
  hasMosquittoClients,
  mosquittoClient,
  mqttClient,
  refusal,
  temporaryFolder,
  writeSecret,
} from '#test/gateway/intake/transports/brokers.js'
import { until } from '#test/gateway/intake/transports/kits.js'
import { TestClock } from '#test/support/test-clock.js'

const COMMITTED = { outcome: 'committed' } as const

describe('BrokerTransport and its devices', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let clock: TestClock
  let store: EnrolledDevices
  let broker: BrokerTransport
  let reader: FrameReader
  const clients: MqttClient[] = []

  const start = async (
    options: Partial<BrokerTransportOptions> = {},
    enrolled: { store?: EnrolledDevices } = { store },
  ) => {
    broker = new BrokerTransport({
      name: 'broker',
      url: 'mqtt+broker://127.0.0.1:0',
      devices: [
        { id: 'cuff', secretFile: 'cuff.secret', topics: ['tele/cuff'] },
        { id: 'meter', secretFile: 'meter.secret' },
      ],
      ...enrolled,
      baseDir: folder.path,
      dataDir: folder.path,
      clock,
      logger: silentLogger,
      ...options,
    })
    reader = new FrameReader(broker)
    await broker.start()
  }
  const device = (id: string, options: IClientOptions = {}) => {
    const port = broker.address().port
    const login = { clientId: id, username: id, password: `secret of ${id}` }
    const client = mqttClient(port, { ...login, ...options })
    clients.push(client)
    return client
  }
  const refused = async (pattern: RegExp) => {
    await clock.advance(1000)
    for (;;) {
      const event = await reader.find('transport-event')
      if (event.event === 'refused' && pattern.test(event.detail)) return event.count
    }
  }
  /** Slowly: what is computed meanwhile takes no time on this clock. */
  const whileTimePasses = async <Result>(promise: Promise<Result>): Promise<Result> => {
    let settled = false
    const settle = () => {
      settled = true
    }
    promise.then(settle, settle)
    while (!settled) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(5)
    }
    return promise
  }
  const lost = (id = 'cuff') => broker.check().find(({ condition }) => condition === `device-lost-${id}`)?.present

  beforeEach(async () => {
    folder = await temporaryFolder()
    await writeSecret(folder.path, 'cuff.secret', 'secret of cuff')
    await writeSecret(folder.path, 'meter.secret', 'secret of meter')
    clock = new TestClock()
    store = EnrolledDevices.open(join(folder.path, 'devices.json'), clock)
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true)
    await broker?.stop()
    await folder.remove()
  })

  describe('enrolling', () => {
    const byCode = (id: string, code: string) => connected(device(id, { password: code }))
    const fetched = async (client: MqttClient, id: string): Promise<string> => {
      const message = new Promise<[string, Buffer]>((resolve) =>
        client.once('message', (topic, payload) => resolve([topic, payload])),
      )
      await client.subscribeAsync(`homebeat/v1/${id}/enrolment`, { qos: 1 })
      const [topic, payload] = await message
      expect(topic).to.equal(`homebeat/v1/${id}/enrolment`)
      const said = JSON.parse(payload.toString())
      expect(said).to.have.all.keys('credential')
      return said.credential
    }

    it('gives a device its credential for a code, by which it connects from then on', async () => {
      await start()
      const { code } = await store.enrol('scale', 15)
      const enrolling = await byCode('scale', code)
      const credential = await fetched(enrolling, 'scale')
      await enrolling.endAsync()
      const scale = await connected(device('scale', { password: credential }))
      const published = scale.publishAsync('homebeat/v1/scale/data', 'x', { qos: 1 })
      const frame = await reader.find('mqtt-publish')
      expect(frame.deviceId).to.equal('scale')
      frame.settle(COMMITTED)
      await published
      expect(await refusal(device('scale', { password: code }))).to.equal(4)
      expect(broker.status().sentence).to.match(/^1 of 3 devices/)
    })

    it('gives it again to a device that has lost it, and the last one counts', async () => {
      await start()
      const { code } = await store.enrol('scale', 15)
      const first = await fetched(await byCode('scale', code), 'scale')
      const second = await fetched(await byCode('scale', code), 'scale')
      expect(second).to.not.equal(first)
      expect(await refusal(device('scale', { password: first }))).to.equal(4)
      await connected(device('scale', { password: second }))
    })

    it('keeps a credential over the expiry of its code only when the device has acknowledged it', async () => {
      await start()
      const { code } = await store.enrol('scale', 15)
      const client = await byCode('scale', code)
      const credential = await fetched(client, 'scale')
      // The broker answers this after the PUBACK that mqtt.js has sent before it.
      await client.unsubscribeAsync('homebeat/v1/scale/enrolment')
      await clock.advance(15 * 60_000)
      expect(await refusal(device('scale', { password: code }))).to.equal(4)
      await connected(device('scale', { password: credential }))
    })

    it('lets who has a code do nothing else', async () => {
      await start()
      const { code } = await store.enrol('scale', 15)
      const client = await byCode('scale', code)
      const granted: number[] = []
      client.on('packetreceive', (packet) => {
        if (packet.cmd === 'suback') granted.push(...(packet.granted as number[]))
      })
      for (const topic of ['homebeat/v1/scale/#', 'homebeat/v1/scale/data', 'homebeat/v1/cuff/enrolment', '#'])
        await client.subscribeAsync(topic, { qos: 1 }).catch(() => {})
      await client.subscribeAsync('homebeat/v1/scale/enrolment', { qos: 0 }).catch(() => {})
      expect(granted).to.deep.equal([128, 128, 128, 128, 128])
      const closed = closeOf(client)
      client.publish('homebeat/v1/scale/data', 'x', { qos: 1 })
      await closed
      expect(await refused(/not enrolled yet/)).to.equal(1)
    })

    it('ends the connection of a device that is revoked, and lets it in no more', async () => {
      const credential = await store.add('scale')
      await start()
      const scale = await connected(device('scale', { password: credential }))
      const closed = closeOf(scale)
      store.revoke('scale')
      await closed
      expect(await refusal(device('scale', { password: credential }))).to.equal(4)
    })

    it('enrols mosquitto’s own clients, over TLS with the certificate pinned', async function () {
      if (!hasMosquittoClients()) {
        if (this.test) this.test.title += ' (skipped: mosquitto-clients is not installed)'
        this.skip()
      }
      await start({ url: 'mqtts+broker://127.0.0.1:0' })
      const { code } = await store.enrol('scale', 15)
      const { port } = broker.address()
      const common = ['-h', '127.0.0.1', '-p', String(port), '--cafile', ownCertificate(folder.path).certFile]
      const login = (password: string) => [...common, '-i', 'scale', '-u', 'scale', '-P', password, '-q', '1']
      const said = await mosquittoClient('sub', ...login(code), '-t', 'homebeat/v1/scale/enrolment', '-C', '1')
      const { credential } = JSON.parse(said)
      const published = mosquittoClient('pub', ...login(credential), '-t', 'homebeat/v1/scale/data', '-m', 'x')
      const frame = await reader.find('mqtt-publish')
      expect(frame).to.include({ deviceId: 'scale', topic: 'homebeat/v1/scale/data' })
      frame.settle(COMMITTED)
      await published
    })
  })

  describe('letting in', () => {
    it('keeps a device connected when another one calls itself so with a wrong password', async () => {
      await start()
      const cuff = await connected(device('cuff'))
      let closed = false
      cuff.once('close', () => {
        closed = true
      })
      for (const clean of [true, false])
        expect(await whileTimePasses(refusal(device('cuff', { password: 'guess', clean })))).to.equal(4)
      const published = cuff.publishAsync('homebeat/v1/cuff/data', 'still here', { qos: 1 })
      ;(await reader.find('mqtt-publish')).settle(COMMITTED)
      await published
      expect(closed).to.equal(false)
    })

    it('leaves a QoS 2 exchange to its device when another one calls itself so with a wrong password', async () => {
      await start()
      const cuff = await connected(device('cuff', { clean: false }))
      const raw = cuff as unknown as { _sendPacket(packet: object): void }
      // Half an exchange: no PUBREL.
      const answered = new Promise<void>((resolve) =>
        cuff.on('packetreceive', (packet) => {
          if (packet.cmd === 'pubrec') resolve()
        }),
      )
      const message = { cmd: 'publish', topic: 'homebeat/v1/cuff/data', payload: 'once', qos: 2, messageId: 77 }
      raw._sendPacket(message)
      ;(await reader.find('mqtt-publish')).settle(COMMITTED)
      await answered
      expect(await refusal(device('cuff', { password: 'guess', clean: true }))).to.equal(4)
      raw._sendPacket({ ...message, dup: true })
      // A second frame of it may come after the first of these, not after both.
      for (const expected of ['next', 'last']) {
        const published = cuff.publishAsync('homebeat/v1/cuff/data', expected, { qos: 1 })
        const frame = await reader.find('mqtt-publish')
        expect(Buffer.from(frame.payload).toString()).to.equal(expected)
        frame.settle(COMMITTED)
        await published
      }
    })

    it('answers wrong passwords slower and slower, and then not at all for a while, but knows its own', async () => {
      // Without hashing, which would take more of the test clock's time than of a real one's.
      await start({}, {})
      const codes: number[] = []
      for (let i = 0; i < 7; i++) {
        codes.push(await whileTimePasses(refusal(device('cuff', { password: 'guess' }))))
      }
      expect(codes).to.deep.equal([4, 4, 4, 4, 4, 3, 3])
      await connected(device('cuff'))
      expect(await refused(/too many wrong passwords/)).to.equal(2)
    })
  })

  describe('topics of a device’s own firmware', () => {
    it('come with the device’s id, and are nobody else’s', async () => {
      await start()
      const cuff = await connected(device('cuff'))
      const published = cuff.publishAsync('tele/cuff/SENSOR', '{}', { qos: 1 })
      const frame = await reader.find('mqtt-publish')
      expect(frame).to.include({ deviceId: 'cuff', topic: 'tele/cuff/SENSOR' })
      frame.settle(COMMITTED)
      await published
      const meter = await connected(device('meter'))
      await meter.publishAsync('tele/cuff/SENSOR', '{}', { qos: 1 })
      expect(await refused(/not the device’s own/)).to.equal(1)
    })
  })

  describe('holding back', () => {
    it('delays what comes too fast, and loses nothing', async () => {
      await start({ limits: { messagesPerSecond: 10, burst: 5, bytesPerSecond: 1_000_000 } })
      const cuff = await connected(device('cuff'))
      let acknowledged = 0
      const published = Array.from({ length: 25 }, (_, i) =>
        cuff.publishAsync('homebeat/v1/cuff/data', String(i), { qos: 1 }).then(() => acknowledged++),
      )
      const seen: string[] = []
      const reading = (async () => {
        while (seen.length < 25) {
          const frame = await reader.find('mqtt-publish')
          seen.push(Buffer.from(frame.payload).toString())
          frame.settle(COMMITTED)
        }
      })()
      await until(() => acknowledged === 5)
      // Another device is not held back by this one.
      await connected(device('meter'))
      expect(acknowledged).to.equal(5)
      await clock.advance(1005)
      await until(() => acknowledged === 15)
      await clock.advance(1100)
      await Promise.all([reading, ...published])
      expect(seen).to.deep.equal(Array.from({ length: 25 }, (_, i) => String(i)))
    })

    it('reads no more bytes of a connection than it may send', async () => {
      await start({ limits: { messagesPerSecond: 1000, burst: 1000, bytesPerSecond: 10_000 } })
      const cuff = await connected(device('cuff'))
      const published = [1, 2, 3].map((n) =>
        cuff.publishAsync('homebeat/v1/cuff/data', Buffer.alloc(60_000, n), { qos: 1 }),
      )
      let seen = 0
      const reading = (async () => {
        while (seen < 3) {
          ;(await reader.find('mqtt-publish')).settle(COMMITTED)
          seen++
        }
      })()
      while (seen < 3) {
        await new Promise((resolve) => setImmediate(resolve))
        await clock.advance(100)
      }
      await Promise.all([reading, ...published])
      expect(clock.monotonic()).to.be.at.least(180_000 / 10 - 2000 - 6600)
    })
  })

  describe('last wills', () => {
    const will = (topic: string, payload: string, retain = false): IClientOptions => ({
      will: { topic, payload: Buffer.from(payload), qos: 1, retain },
    })
    const gone = async () => {
      let event = await reader.find('transport-event')
      while (event.event !== 'disconnected') event = await reader.find('transport-event')
    }
    const OWN = 'homebeat/v1/cuff/status'

    for (const [what, payload, retain] of [
      ['a word', 'offline', false],
      ['a retained word', 'offline', true],
      ['an object', '{"status":"offline"}', false],
    ] as const)
      it(`says that a device is lost which went without a DISCONNECT (${what}), until it is back`, async () => {
        await start()
        await connected(device('cuff', will(OWN, payload, retain)))
        expect(lost()).to.equal(false)
        clients.at(-1)?.stream.destroy()
        await gone()
        expect(broker.check().filter(({ present }) => present)).to.deep.equal([
          { condition: 'device-lost-cuff', priority: 'medium', delayMs: 60_000, present: true },
        ])
        await connected(device('cuff', will(OWN, payload, retain)))
        expect(lost()).to.equal(false)
      })

    it('does not call lost who said goodbye, or had no will', async () => {
      await start()
      const cuff = await connected(device('cuff', will(OWN, 'offline')))
      await cuff.endAsync()
      await gone()
      expect(lost()).to.equal(false)
      await connected(device('meter'))
      clients.at(-1)?.stream.destroy()
      await gone()
      expect(lost('meter')).to.equal(undefined)
    })

    it('publishes no will, and makes no frame of it', async () => {
      await start()
      const meter = await connected(device('meter'))
      const heard: string[] = []
      meter.on('message', (topic) => heard.push(topic))
      await connected(device('cuff', will(OWN, 'offline', true)))
      clients.at(-1)?.stream.destroy()
      await gone()
      const cuff = await connected(device('cuff'))
      cuff.on('message', (topic) => heard.push(topic))
      await cuff.subscribeAsync('homebeat/v1/cuff/#', { qos: 1 })
      const published = cuff.publishAsync('homebeat/v1/cuff/data', 'x', { qos: 1 })
      const frame = await reader.find('mqtt-publish')
      expect(frame.topic).to.equal('homebeat/v1/cuff/data')
      frame.settle(COMMITTED)
      await published
      expect(heard.filter((topic) => topic === OWN)).to.deep.equal([])
    })

    it('takes a device’s own "online", also retained, without a frame', async () => {
      await start()
      const cuff = await connected(device('cuff'))
      await cuff.publishAsync(OWN, 'online', { qos: 1, retain: true })
      const published = cuff.publishAsync('homebeat/v1/cuff/data', 'x', { qos: 1 })
      const frame = await reader.find('mqtt-publish')
      expect(frame.topic).to.equal('homebeat/v1/cuff/data')
      frame.settle(COMMITTED)
      await published
    })

    for (const [what, topic, payload] of [
      ['another device’s topic', 'homebeat/v1/meter/status', 'offline'],
      ['a sensor’s topic', 'homebeat/v1/cuff/pulse', 'offline'],
      ['its own status with another word', OWN, 'dead'],
    ] as const)
      it(`refuses a connection with a will on ${what}, with one line in the log`, async () => {
        const lines: string[] = []
        const logger = Object.assign(Object.create(silentLogger), {
          child: () => logger,
          warn: (_details: object, line: string) => lines.push(line),
        })
        await start({ logger })
        for (let i = 0; i < 2; i++) expect(await refusal(device('cuff', will(topic, payload)))).to.equal(5)
        expect(lines).to.deep.equal([
          'device cuff is refused: its last will must be "offline" on homebeat/v1/cuff/status',
        ])
        expect(await refused(/last will/)).to.equal(2)
      })

    for (const topic of ['tele/cuff/LWT', 'elsewhere/LWT'])
      it(`takes the will of firmware on ${topic}, which nobody is sent`, async () => {
        await start()
        await connected(device('cuff', will(topic, 'Offline', true)))
        clients.at(-1)?.stream.destroy()
        await gone()
        expect(lost()).to.equal(true)
      })

    it('calls lost who does not come back after a restart of the gateway, unless it had said goodbye', async () => {
      await start()
      await connected(device('cuff', will(OWN, 'offline')))
      const meter = await connected(device('meter', will('homebeat/v1/meter/status', 'offline')))
      await meter.endAsync()
      await gone()
      await broker.stop()
      await start()
      expect([lost('cuff'), lost('meter')]).to.deep.equal([true, undefined])
      await connected(device('cuff', will(OWN, 'offline')))
      expect(lost()).to.equal(false)
    })

    it('waits for no device that was taken out of the configuration', async () => {
      await start()
      await connected(device('cuff', will(OWN, 'offline')))
      await broker.stop()
      await start({ devices: [{ id: 'meter', secretFile: 'meter.secret' }] })
      expect(lost()).to.equal(false)
    })
  })

  describe('encryption', () => {
    it('makes its own certificate, which a device pins, and keeps it', async () => {
      await start({ url: 'mqtts+broker://127.0.0.1:0' })
      const ca = readFileSync(ownCertificate(folder.path).certFile)
      await connected(device('cuff', { protocol: 'mqtts', ca }))
      expect(broker.status().sentence).to.match(/^1 of 2 devices .* \(TLS\)$/)
      await broker.stop()
      await start({ url: 'mqtts+broker://127.0.0.1:0' })
      expect(readFileSync(ownCertificate(folder.path).certFile)).to.deep.equal(ca)
    })

    it('lets nobody in without encryption, or with one older than TLS 1.2', async () => {
      await start({ url: 'mqtts+broker://127.0.0.1:0' })
      const { port } = broker.address()
      await connected(device('cuff')).then(
        () => expect.fail('it was let in'),
        () => {},
      )
      const old = connectTls({
        host: '127.0.0.1',
        port,
        rejectUnauthorized: false,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      const [error] = await once(old, 'error')
      expect(error.code).to.match(/^ERR_SSL_|EPROTO|ECONNRESET/)
      expect(await refused(/TLS handshake/)).to.be.at.least(1)
    })

    it('is stopped although a connection has not finished its handshake', async () => {
      await start({ url: 'mqtts+broker://127.0.0.1:0' })
      const socket = connect(broker.address().port, '127.0.0.1')
      await once(socket, 'connect')
      const closed = once(socket, 'close')
      socket.on('error', () => {})
      await broker.stop()
      await closed
    })

    it('refuses a network address without it, unless somebody says so', async () => {
      const options = { name: 'x', url: 'mqtt+broker://0.0.0.0:0', devices: [], baseDir: '.', logger: silentLogger }
      expect(() => new BrokerTransport(options))
        .to.throw(HomebeatError, /use mqtts\+broker:\/\/0\.0\.0\.0:8883, or say allowUnencrypted: true/)
        .with.property('code', 'config.mqtt-unencrypted')
      await start({ url: 'mqtt+broker://0.0.0.0:0', allowUnencrypted: true })
      expect(broker.status().state).to.equal('waiting')
    })
  })
})
