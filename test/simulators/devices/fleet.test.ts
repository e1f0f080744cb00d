import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import { expect } from 'chai'
import { Fleet } from '#simulators/devices/fleet.js'

interface Received {
  readonly client: string
  readonly topic: string
  readonly qos: number
  readonly payload: Record<string, unknown>
}

describe('A fleet of MQTT homes', function () {
  this.timeout(30_000)
  let aedes: Aedes
  let server: Server
  let received: Received[]
  const sockets = new Set<Socket>()

  beforeEach(async () => {
    received = []
    aedes = await Aedes.createBroker()
    aedes.authorizePublish = (client, { topic, qos, payload }, done) => {
      received.push({ client: client?.id ?? '', topic, qos, payload: JSON.parse(payload.toString()) })
      done(null)
    }
    server = createServer((socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)))
      aedes.handle(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
    await new Promise((resolve) => server.close(resolve))
  })

  const fleet = (options: Partial<ConstructorParameters<typeof Fleet>[0]> = {}) =>
    new Fleet({
      homes: 20,
      broker: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
      secret: '',
      prefix: 'home',
      script: 'steady',
      seed: 100,
      startAt: Date.now() - 10_000,
      everyMs: 150,
      ...options,
    })
  /** The broker is another party with a clock of its own: wait for what it got. */
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  it('is 20 homes with two devices each, every one its own client, at QoS 1, counted as acknowledged', async () => {
    const homes = fleet()
    await homes.start()
    await homes.start()
    expect(homes.devices).to.equal(40)
    try {
      await until(() => new Set(received.map(({ client }) => client)).size === 40 && homes.acknowledged >= 120)
    } finally {
      await homes.stop()
    }
    const clients = [...new Set(received.map(({ client }) => client))].sort()
    expect(clients[0]).to.equal('home-0001-cuff')
    expect(clients[39]).to.equal('home-0020-glucometer')
    for (const { client, topic, qos } of received) {
      expect(qos).to.equal(1)
      expect(topic).to.equal(`homebeat/v1/${client}/${client.endsWith('cuff') ? 'bloodPressure' : 'glucose'}`)
    }
    const ids = received.map(({ payload }) => payload['id'])
    expect(new Set(ids).size, 'no id twice').to.equal(ids.length)
    expect(homes.devices).to.equal(0)
  })

  it('has another patient in every home', async () => {
    const homes = fleet({ everyMs: 3_600_000, startAt: Date.now() - 7_200_000 })
    await homes.start()
    try {
      await until(() => received.length >= 40)
    } finally {
      await homes.stop()
    }
    const readings = received
      .filter(({ client }) => client.endsWith('cuff'))
      .map(({ payload: { systolic, diastolic, pulse } }) => `${systolic}/${diastolic} ${pulse}`)
    expect(new Set(readings).size).to.be.above(5)
  })

  it('says when the broker refuses a device', async () => {
    aedes.authenticate = (_client, _user, _password, done) =>
      done(Object.assign(new Error('no'), { returnCode: 5 }) as never, false)
    let refused = ''
    const homes = fleet({
      homes: 1,
      onRefused: (error) => {
        refused = error.code
      },
    })
    await homes.start()
    try {
      await until(() => refused !== '')
      expect(refused).to.equal('device.refused')
      expect(homes.acknowledged).to.equal(0)
    } finally {
      await homes.stop()
    }
  })
})
