import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import { expect } from 'chai'
import type { MqttClient } from 'mqtt'
import { noticeOf } from '#gateway/alarms/channels/channel.js'
import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { noticeFor, RAISED, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'
import {
  connected,
  hasMosquitto,
  Mosquitto,
  mqttClient,
  temporaryFolder,
  writeSecret,
} from '#test/gateway/intake/transports/brokers.js'
import { until } from '#test/gateway/intake/transports/kits.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { needsOpenssl, selfSigned } from '#test/support/certificates.js'

type MqttConfig = Extract<ChannelConfig, { type: 'mqtt' }>

const GOLDEN = new URL('../../../fixtures/alerts/mqtt-messages.json', import.meta.url)
const never = new AbortController().signal

describe('The MQTT channel at a mosquitto broker', function () {
  this.timeout(60_000)
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let mosquitto: Mosquitto
  let listener: MqttClient
  let heard: { topic: string; payload: string; retain: boolean }[]

  const channelAt = (over: Partial<MqttConfig> = {}) =>
    createChannel(
      {
        ...{ type: 'mqtt', name: 'site', url: `mqtt://home@127.0.0.1:${mosquitto.port}`, passwordFile: 'secret' },
        ...{ retainState: false, ...over },
      },
      {
        fetch,
        stream: { write: () => {} },
        home: 'home-7',
        baseDir: folder.path,
        dataDir: folder.path,
        timeoutMs: 5000,
      },
    )
  const login = { username: 'home', password: 'open sesame' }

  before(async function () {
    if (!hasMosquitto()) {
      const suite = this.runnable().parent
      if (suite) suite.title += ' (skipped: mosquitto is not installed)'
      this.skip()
    }
    needsOpenssl(this)
    folder = await temporaryFolder()
    selfSigned(folder.path)
    await writeSecret(folder.path, 'secret', 'open sesame')
    await writeSecret(folder.path, 'wrong', 'guess')
  })
  after(() => folder?.remove())
  beforeEach(async () => {
    mosquitto = await Mosquitto.start(folder.path, 'home', 'open sesame', {
      tls: { key: 'server.key', certificate: 'server.crt' },
      forbidden: 'forbidden/#',
    })
    listener = await connected(mqttClient(mosquitto.port, login))
    heard = []
    listener.on('message', (topic, payload, { retain }) => heard.push({ topic, payload: String(payload), retain }))
    await listener.subscribeAsync('#', { qos: 1 })
  })
  afterEach(async () => {
    await listener.endAsync(true)
    await mosquitto.stop()
  })
  /** The broker keeps the order: what came before the mark was heard before it. */
  const heardSoFar = async () => {
    await listener.publishAsync('mark', 'x', { qos: 1 })
    await until(() => heard.some(({ topic }) => topic === 'mark'))
    heard = heard.filter(({ topic }) => topic !== 'mark')
    return heard
  }
  /** What a subscriber who comes now is told. */
  const retained = async () => {
    const late = await connected(mqttClient(mosquitto.port, login))
    const found: Record<string, string> = {}
    late.on('message', (topic, payload) => {
      found[topic] = String(payload)
    })
    await late.subscribeAsync('#', { qos: 1 })
    // The broker sends what it retains before what comes later.
    await late.publishAsync('end', 'x', { qos: 1 })
    await until(() => found['end'] !== undefined)
    delete found['end']
    await late.endAsync(true)
    return found
  }

  const rig = async () => {
    const line = await HeldLine.to(mosquitto.port)
    return {
      channel: channelAt({ url: `mqtt://home@127.0.0.1:${line.port}` }),
      received: async () => (await heardSoFar()).map(({ payload }) => payload),
      keys: async () => (await heardSoFar()).map(({ payload }) => JSON.parse(payload).key),
      disconnect: () => line.stop(),
      async hang() {
        line.held = true
      },
      stop: () => line.stop(),
    }
  }
  shouldBehaveLikeChannel('The MQTT channel', rig, { recognisable: true })

  it('publishes the documented messages, of which none is retained by default', async () => {
    const notice = noticeFor('raised', { acknowledgeUrl: 'https://home.example/a/token' })
    await channelAt().notify({ ...notice, preview: 'HIGH: Low oxygen saturation (active since 12:02)' }, never)
    const [{ topic, payload, retain } = { topic: '', payload: '{}', retain: true }] = await heardSoFar()
    const [golden] = JSON.parse(readFileSync(GOLDEN, 'utf8'))
    expect({ topic, payload: JSON.parse(payload) }).to.deep.equal(golden)
    expect(retain).to.equal(false)
    expect(await retained()).to.deep.equal({})
  })

  it('retains the state of an alert until it is over, under a prefix of the site', async () => {
    const channel = channelAt({ retainState: true, topicPrefix: 'house/alarms' })
    await channel.notify(noticeFor('raised'), never)
    await channel.notify(noticeFor('acknowledged'), never)
    await channel.notify(noticeFor('test'), never)
    const [[topic, payload] = ['', ''], ...others] = Object.entries(await retained())
    expect(topic).to.equal(`house/alarms/${RAISED.alertId}/state`)
    expect(JSON.parse(payload)).to.include({ state: 'acknowledged', alertId: RAISED.alertId })
    expect(others).to.deep.equal([])
    await channel.notify(noticeFor('cleared'), never)
    expect(await retained()).to.deep.equal({})
  })

  it('shows Home Assistant a binary sensor for each priority, also after a restart', async () => {
    const channel = channelAt({ homeAssistant: 'homeassistant' })
    await channel.notify(noticeFor('raised'), never)
    await channel.notify(noticeFor('test'), never)
    const [, ...golden] = JSON.parse(readFileSync(GOLDEN, 'utf8'))
    const { VERSION } = await import('#gateway/platform/version.js')
    const versioned = JSON.parse(JSON.stringify(golden).replaceAll('VERSION', VERSION))
    const found = Object.entries(await retained()).map(([topic, payload]) => ({
      topic,
      payload: topic.endsWith('/config') ? JSON.parse(payload) : payload,
    }))
    expect(found).to.have.deep.members(versioned)
    const restarted = channelAt({ homeAssistant: 'homeassistant' })
    await restarted.start?.([noticeOf({ ...RAISED, alertId: 'other-1', priority: 'low' }, 'home-7')])
    while ((await retained())['homebeat/v1/home-7/alerts/active/low'] !== 'ON');
    await restarted.stop?.()
    await restarted.notify(noticeFor('cleared'), never)
    expect(await retained()).to.include({
      'homebeat/v1/home-7/alerts/active/high': 'OFF',
      'homebeat/v1/home-7/alerts/active/low': 'ON',
    })
  })

  it('turns no binary sensor on for an exercise: an alert beside it would not be seen', async () => {
    const channel = channelAt({ homeAssistant: 'homeassistant' })
    const exercise = { ...RAISED, alertId: 'rehearsal-1', condition: 'rehearsal' }
    await channel.notify(noticeOf(exercise, 'home-7'), never)
    expect((await retained())['homebeat/v1/home-7/alerts/active/high']).to.equal('OFF')
    await channel.notify(noticeFor('raised'), never)
    expect((await retained())['homebeat/v1/home-7/alerts/active/high']).to.equal('ON')
  })

  it('says when nobody has subscribed', async () => {
    await listener.unsubscribeAsync('#')
    const outcome = await channelAt().notify(noticeFor('test'), never)
    expect(outcome).to.deep.equal({ class: 'delivered', detail: 'nobody has subscribed' })
  })

  it('waits for people to mend a login or an access list', async () => {
    const outcomes = await Promise.all([
      channelAt({ passwordFile: 'wrong' }).notify(noticeFor('raised'), never),
      channelAt({ topicPrefix: 'forbidden/alerts' }).notify(noticeFor('raised'), never),
    ])
    expect(outcomes).to.deep.equal([
      { class: 'transient', reason: 'the MQTT broker refuses the login: renew the user and its passwordFile' },
      { class: 'transient', reason: "the MQTT broker's access list does not let this user publish there" },
    ])
  })

  it('uses TLS with the site’s own authority, and sends nothing to a broker that it does not trust', async () => {
    const url = `mqtts://home@127.0.0.1:${mosquitto.tlsPort}`
    expect(await channelAt({ url, caFile: 'server.crt' }).notify(noticeFor('raised'), never)).to.deep.equal({
      class: 'delivered',
    })
    const outcome = await channelAt({ url }).notify(noticeFor('raised'), never)
    expect(outcome.class).to.equal('transient')
    expect('reason' in outcome && outcome.reason).to.contain('check caFile')
    expect(await heardSoFar()).to.have.length(1)
  })

  it('speaks MQTT 3.1.1 to a broker that knows nothing newer', async () => {
    const aedes = await Aedes.createBroker()
    const got: string[] = []
    aedes.on('publish', ({ topic, payload }, client) => {
      if (client) got.push(`${topic} ${payload}`)
    })
    const server = createServer(aedes.handle)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const config = { type: 'mqtt', name: 'old', url: `mqtt://127.0.0.1:${port}`, retainState: false } as const
    const edges = { fetch, stream: { write: () => {} }, home: 'home-7', baseDir: '.', dataDir: '.' }
    const outcome = await createChannel(config, edges).notify(noticeFor('raised'), never)
    expect(outcome).to.deep.equal({ class: 'delivered' })
    expect(got.join()).to.contain('HIGH: Low oxygen saturation')
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    await new Promise((resolve) => server.close(resolve))
  })

  it('refuses a configuration that cannot work', async () => {
    const refused = (over: Partial<MqttConfig>) => codeOf(() => channelAt(over))
    expect(await refused({ url: 'mqtt://127.0.0.1' })).to.equal('channel.login')
    expect(await refused({ passwordFile: 'nowhere' })).to.equal('secret.not-found')
    expect(await refused({ caFile: 'nowhere' })).to.equal('channel.ca-file')
    expect(await refused({ url: 'mqtt://home:password@127.0.0.1' })).to.equal('config.transport-url')
  })
})

/** A TCP line to a port that can be held: what then connects is never answered. */
class HeldLine {
  readonly port: number
  held = false
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, far: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket: Socket) => {
      this.#keep(socket)
      if (!this.held) socket.pipe(this.#keep(connect(far, '127.0.0.1'))).pipe(socket)
    })
  }

  static async to(far: number): Promise<HeldLine> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new HeldLine(server, far)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket)
    return socket.on('error', () => {})
  }
}
