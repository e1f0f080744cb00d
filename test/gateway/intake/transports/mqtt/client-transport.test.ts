import { expect } from 'chai'
import type { MqttClient } from 'mqtt'
import { ClientTransport } from '#gateway/intake/transports/mqtt/client-transport.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { makeIdentity } from '#gateway/platform/net/certificate.js'
import { freePort } from '#simulators/free-port.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import {
  connected,
  hasMosquitto,
  Mosquitto,
  mqttClient,
  temporaryFolder,
  writeSecret,
} from '#test/gateway/intake/transports/brokers.js'
import { until } from '#test/gateway/intake/transports/kits.js'
import { TestClock } from '#test/support/test-clock.js'

const COMMITTED = { outcome: 'committed' } as const

describe('ClientTransport at a mosquitto broker', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let mosquitto: Mosquitto
  let clock: TestClock
  let transport: ClientTransport
  let reader: FrameReader
  let publisher: MqttClient

  const build = (options: { passwordFile?: string; user?: string } = {}) =>
    new ClientTransport({
      name: 'site',
      url: `mqtt://${options.user ?? 'home'}@127.0.0.1:${mosquitto.port}`,
      passwordFile: options.passwordFile ?? 'broker.secret',
      baseDir: folder.path,
      clock,
      logger: silentLogger,
    })
  const publish = (topic: string, payload: string | Buffer, retain = false) =>
    publisher.publishAsync(topic, payload, { qos: 1, retain })
  const text = async () => {
    const frame = await reader.find('mqtt-publish')
    return { frame, payload: Buffer.from(frame.payload).toString() }
  }

  before(async function () {
    if (!hasMosquitto()) {
      const suite = this.runnable().parent
      if (suite) suite.title += ' (skipped: mosquitto is not installed)'
      this.skip()
    }
    folder = await temporaryFolder()
    await writeSecret(folder.path, 'broker.secret', 'open sesame')
    mosquitto = await Mosquitto.start(folder.path, 'home', 'open sesame')
  })
  after(async () => {
    await mosquitto?.stop()
    await folder?.remove()
  })
  beforeEach(async () => {
    clock = new TestClock()
    transport = build()
    reader = new FrameReader(transport)
    publisher = await connected(mqttClient(mosquitto.port, { username: 'home', password: 'open sesame' }))
  })
  afterEach(async () => {
    // Ends the session at the broker, which outlives the transport.
    await transport.stop()
    await publisher.endAsync(true)
    const eraser = mqttClient(mosquitto.port, {
      clientId: 'homebeat-home-site',
      username: 'home',
      password: 'open sesame',
    })
    await connected(eraser)
    await eraser.endAsync()
  })
  /** Makes the broker keep the transport's subscription, whatever the timing. */
  const subscribed = async () => {
    await transport.start()
    await until(() => transport.status().state === 'connected')
    for (let seen = false; !seen; ) {
      await publish('homebeat/v1/probe/data', 'probe')
      const { frame, payload } = await text()
      frame.settle(COMMITTED)
      seen = payload === 'probe'
    }
  }

  it('takes the messages of all devices, each under the name in its topic', async () => {
    await subscribed()
    await publish('homebeat/v1/cuff/data', 'a')
    await publish('homebeat/v1/meter-2/data', 'b')
    const first = await text()
    expect(first.frame).to.include({ deviceId: 'cuff', topic: 'homebeat/v1/cuff/data', transport: 'site' })
    first.frame.settle(COMMITTED)
    const second = await text()
    expect(second.frame.deviceId).to.equal('meter-2')
    expect([first.payload, second.payload]).to.deep.equal(['a', 'b'])
    second.frame.settle(COMMITTED)
  })

  it('is sent again what it did not settle before it was stopped', async () => {
    await subscribed()
    await publish('homebeat/v1/cuff/data', 'kept')
    await publish('homebeat/v1/cuff/data', 'lost')
    await publish('homebeat/v1/cuff/data', 'waiting')
    const kept = await text()
    kept.frame.settle(COMMITTED)
    expect((await text()).payload).to.equal('lost')
    await transport.stop()
    await transport.start()
    reader = new FrameReader(transport)
    for (const expected of ['lost', 'waiting']) {
      const { frame, payload } = await text()
      expect(payload).to.equal(expected)
      frame.settle(COMMITTED)
    }
  })

  it('does not acknowledge what cannot be stored now, and fetches it again', async () => {
    await subscribed()
    await publish('homebeat/v1/cuff/data', 'reading')
    const first = await text()
    first.frame.settle({ outcome: 'not-stored', code: 'journal.disk-full', reason: 'the disk is full' })
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.match(/could not be stored/)
    await clock.advance(500)
    const second = await text()
    expect(second.payload).to.equal('reading')
    second.frame.settle(COMMITTED)
  })

  it('acknowledges what will never be kept, and goes on', async () => {
    await subscribed()
    await publish('homebeat/v1/cuff/data', 'nonsense')
    await publish('homebeat/v1/cuff/data', 'reading')
    const first = await text()
    first.frame.settle({ outcome: 'refused', code: 'decode.json', reason: 'not JSON' })
    expect((await text()).payload).to.equal('reading')
    expect(transport.status().state).to.equal('connected')
  })

  it('refuses retained messages, wrong device ids and payloads of more than 256 KiB', async () => {
    await publish('homebeat/v1/cuff/data', 'old', true)
    await subscribed()
    await publish('homebeat/v1/Not A Device/data', 'x')
    await publish('homebeat/v1/cuff/data', Buffer.alloc(256 * 1024 + 1))
    await publish('homebeat/v1/cuff/data', 'good')
    expect((await text()).payload).to.equal('good')
    const isTold = () =>
      transport.check().some(({ condition, present }) => condition === 'message-too-long-site' && present)
    expect(isTold()).to.equal(true)
    await clock.advance(1000)
    const details = new Set<string>()
    while (details.size < 3) {
      const event = await reader.find('transport-event')
      if (event.event === 'refused') details.add(event.detail)
    }
    expect([...details].sort()).to.deep.equal([
      'messages of more than 256 KiB',
      'messages on a topic without a valid device id',
      'retained messages',
    ])
    await publish('homebeat/v1/cuff/data', '', true)
    await clock.advance(3_600_000)
    expect(isTold()).to.equal(false)
  })

  it('says that the password is wrong, and tries again', async () => {
    await writeSecret(folder.path, 'wrong.secret', 'open barley')
    const wrong = build({ passwordFile: 'wrong.secret' })
    await wrong.start()
    await until(() => wrong.status().state === 'waiting')
    expect(wrong.status().sentence).to.match(/^waiting 0\.5 s .* refused the user name or password: check/)
    await clock.advance(500)
    await until(() => wrong.status().sentence.startsWith('waiting 1 s'))
    await wrong.stop()
  })

  it('refuses to start when its password can be read by others', async () => {
    await writeSecret(folder.path, 'open.secret', 'open sesame', 0o640)
    const error = await build({ passwordFile: 'open.secret' })
      .start()
      .then(
        () => null,
        (failure: HomebeatError) => failure,
      )
    expect(error?.code).to.equal('secret.mode')
  })
})

describe('ClientTransport at a mosquitto broker of its own', function () {
  this.timeout(60_000)
  const LOGIN = { username: 'home', password: 'open sesame' }
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let clock: TestClock
  let mosquitto: Mosquitto
  let transport: ClientTransport
  let reader: FrameReader

  before(function () {
    if (hasMosquitto()) return
    const suite = this.runnable().parent
    if (suite) suite.title += ' (skipped: mosquitto is not installed)'
    this.skip()
  })
  beforeEach(async () => {
    folder = await temporaryFolder()
    clock = new TestClock()
    await writeSecret(folder.path, 'broker.secret', 'open sesame')
  })
  afterEach(async () => {
    await transport?.stop()
    await mosquitto?.stop()
    await folder?.remove()
  })

  const build = (options: Partial<ConstructorParameters<typeof ClientTransport>[0]> = {}) => {
    transport = new ClientTransport({
      name: 'site',
      url: `mqtt://home@127.0.0.1:${mosquitto.port}`,
      passwordFile: 'broker.secret',
      baseDir: folder.path,
      clock,
      logger: silentLogger,
      ...options,
    })
    reader = new FrameReader(transport)
    return transport
  }
  const next = async () => {
    const frame = await reader.find('mqtt-publish')
    return { frame, payload: Buffer.from(frame.payload).toString() }
  }
  /** Connected, and its subscriptions are granted: what is published from here on comes. */
  const subscribed = async (publisher: MqttClient) => {
    await transport.start()
    await until(() => transport.status().state === 'connected')
    for (let seen = false; !seen; ) {
      await publisher.publishAsync('homebeat/v1/probe/data', 'probe', { qos: 1 })
      const { frame, payload } = await next()
      frame.settle(COMMITTED)
      seen = payload === 'probe'
    }
  }

  describe('with TLS', () => {
    let identity: Awaited<ReturnType<typeof makeIdentity>>
    beforeEach(async () => {
      identity = await makeIdentity({ names: ['localhost'], addresses: ['127.0.0.1'] })
      mosquitto = await Mosquitto.start(folder.path, 'home', 'open sesame', { identity })
    })
    const url = () => `mqtts://home@127.0.0.1:${mosquitto.port}`

    it('trusts the authority that it is given, and logs in with its password', async () => {
      build({ url: url(), tls: { caFile: 'broker.crt' } })
      const publisher = await connected(mqttClient(mosquitto.port, { ...LOGIN, protocol: 'mqtts', ca: identity.cert }))
      await subscribed(publisher)
      await publisher.endAsync()
    })

    it('trusts nobody else, and says what to do', async () => {
      await build({ url: url() }).start()
      await until(() => transport.status().state === 'waiting')
      expect(transport.status().sentence).to.match(
        /is not trusted: name its authority's file in transports\[\]\.tls\.caFile$/,
      )
    })

    it('says before it starts that the authority’s file is none', async () => {
      const failure = await build({ url: url(), tls: { caFile: 'broker.secret' } })
        .probe()
        .catch((error: HomebeatError) => error)
      expect(failure).to.include({ code: 'config.certificate' })
    })
  })

  it('loses and doubles nothing of what it had acknowledged, over a restart of the broker', async () => {
    mosquitto = await Mosquitto.start(folder.path, 'home', 'open sesame', { persistent: true })
    build()
    const publisher = await connected(mqttClient(mosquitto.port, LOGIN))
    await subscribed(publisher)
    for (let i = 0; i < 10; i++) await publisher.publishAsync('homebeat/v1/cuff/data', String(i), { qos: 1 })
    const open = [await next(), await next(), await next(), await next()]
    // The second is not stored yet: the third waits for it with its acknowledgement.
    open[0]?.frame.settle(COMMITTED)
    open[2]?.frame.settle(COMMITTED)
    await publisher.endAsync()
    // mosquitto has read the PUBACK when it has sent what that made room for; here, when it answers another client.
    const witness = await connected(mqttClient(mosquitto.port, LOGIN))
    await witness.subscribeAsync('witness', { qos: 1 })
    await witness.endAsync()
    await mosquitto.restart()
    await until(() => transport.status().state === 'waiting')
    await clock.advance(500)
    const seen: string[] = []
    // What waited in the queue still comes from the old connection, and all that was not acknowledged from the new one.
    while (seen.filter((payload) => payload === '9').length < 2) {
      const { frame, payload } = await next()
      frame.settle(COMMITTED)
      seen.push(payload)
    }
    expect(seen.slice(-9)).to.deep.equal(['1', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect(seen).to.not.include('0')
    // Nothing comes a third time.
    const again = await connected(mqttClient(mosquitto.port, LOGIN))
    await again.publishAsync('homebeat/v1/cuff/data', 'after', { qos: 1 })
    await again.endAsync()
    expect((await next()).payload).to.equal('after')
  })

  it('has many messages under way, and acknowledges them in order', async () => {
    mosquitto = await Mosquitto.start(folder.path, 'home', 'open sesame')
    build()
    const publisher = await connected(mqttClient(mosquitto.port, LOGIN))
    await subscribed(publisher)
    for (let i = 0; i < 40; i++) publisher.publish('homebeat/v1/cuff/data', String(i), { qos: 1 })
    const frames: Awaited<ReturnType<typeof next>>[] = []
    // Twenty is what a broker mostly sends before the first is acknowledged.
    while (frames.length < 20) frames.push(await next())
    for (const { frame } of frames.slice(1).reverse()) frame.settle(COMMITTED)
    frames[0]?.frame.settle(COMMITTED)
    while (frames.length < 40) {
      const another = await next()
      another.frame.settle(COMMITTED)
      frames.push(another)
    }
    expect(frames.map(({ payload }) => payload)).to.deep.equal(Array.from({ length: 40 }, (_, i) => String(i)))
    await publisher.endAsync()
  })

  it('reads other topics that it is told of, under the device they belong to', async () => {
    mosquitto = await Mosquitto.start(folder.path, 'home', 'open sesame')
    build({ subscribe: [{ topic: 'tele/kitchen/#', device: 'cuff' }] })
    const publisher = await connected(mqttClient(mosquitto.port, LOGIN))
    await subscribed(publisher)
    await publisher.publishAsync('tele/elsewhere/SENSOR', 'no', { qos: 1 })
    await publisher.publishAsync('tele/kitchen/SENSOR', '{}', { qos: 1 })
    const { frame } = await next()
    expect(frame).to.include({ topic: 'tele/kitchen/SENSOR', deviceId: 'cuff' })
    frame.settle(COMMITTED)
    await publisher.endAsync()
  })

  it('calls a device lost while its status is offline, also one that is retained', async () => {
    mosquitto = await Mosquitto.start(folder.path, 'home', 'open sesame')
    build()
    const publisher = await connected(mqttClient(mosquitto.port, LOGIN))
    await publisher.publishAsync('homebeat/v1/cuff/status', 'offline', { qos: 1, retain: true })
    await subscribed(publisher)
    const lost = () => transport.check().filter(({ condition }) => condition.startsWith('device-lost-'))
    const present = () => Object.fromEntries(lost().map((one) => [one.condition, one.present]))
    await until(() => lost().length > 0)
    expect(present()).to.deep.equal({ 'device-lost-cuff': true })
    const will = { topic: 'homebeat/v1/meter/status', payload: Buffer.from('offline'), qos: 1, retain: false } as const
    const meter = await connected(mqttClient(mosquitto.port, { ...LOGIN, will }))
    await meter.publishAsync('homebeat/v1/meter/status', '{"status":"online"}', { qos: 1 })
    await publisher.publishAsync('homebeat/v1/cuff/status', 'online', { qos: 1, retain: true })
    await until(() => present()['device-lost-meter'] === false && present()['device-lost-cuff'] === false)
    meter.stream.destroy()
    await until(() => present()['device-lost-meter'] === true)
    await publisher.endAsync()
  })
})

describe('ClientTransport without its broker', () => {
  it('waits for it', async () => {
    const port = await freePort()
    const clock = new TestClock()
    const url = `mqtt://127.0.0.1:${port}`
    const transport = new ClientTransport({ name: 'site', url, baseDir: '.', clock, logger: silentLogger })
    await transport.start()
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.match(/is the MQTT broker running there\?$/)
    await transport.stop()
    expect(transport.status().state).to.equal('stopped')
  })
})
