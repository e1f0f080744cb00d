import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import { expect } from 'chai'
import type { HomebeatError } from '#gateway/platform/errors.js'
import { DEVICE_KINDS, measurementId } from '#simulators/devices/kinds.js'
import { type AcknowledgedMeasurement, MqttDevice, type MqttDeviceOptions } from '#simulators/devices/mqtt-device.js'
import { createPatient } from '#simulators/patient/patients.js'
import { TestClock } from '#test/support/test-clock.js'

interface Received {
  readonly clientId: string
  readonly topic: string
  readonly qos: number
  readonly payload: Record<string, unknown>
}

/** A real broker that acknowledges a publication only when it is allowed to. */
class Broker {
  readonly received: Received[] = []
  acknowledging = true
  readonly #aedes: Aedes
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  port = 0

  constructor(aedes: Aedes) {
    this.#aedes = aedes
    aedes.authenticate = (client, user, password, done) => {
      const ok = client.id === user && password?.toString() === 'right'
      done(ok ? null : Object.assign(new Error('no'), { returnCode: 4 }), ok)
    }
    aedes.authorizePublish = (client, packet, done) => {
      const { topic, qos } = packet
      const payload = JSON.parse(packet.payload.toString()) as Record<string, unknown>
      this.received.push({ clientId: client?.id ?? '', topic, qos, payload })
      // Never answered: no PUBACK.
      if (this.acknowledging) done(null)
    }
  }
  async listen(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      this.#aedes.handle(socket)
    }).listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }
  /** As a killed gateway: every connection breaks. */
  async cut(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
    const server = this.#server
    this.#server = null
    if (server) await new Promise((resolve) => server.close(resolve))
  }
  async close(): Promise<void> {
    await this.cut()
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()))
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`this did not happen: ${what}`)
}

describe('MqttDevice', function () {
  this.timeout(60_000)
  let broker: Broker
  let clock: TestClock
  let device: MqttDevice | null = null
  let acknowledged: AcknowledgedMeasurement[] = []

  beforeEach(async () => {
    broker = new Broker(await Aedes.createBroker())
    await broker.listen()
    clock = new TestClock()
  })
  afterEach(async () => {
    await device?.stop()
    device = null
    await broker.close()
  })

  const build = (options: Partial<MqttDeviceOptions> = {}) => {
    acknowledged = []
    device = new MqttDevice({
      onAcknowledged: (measurement) => acknowledged.push(measurement),
      kind: DEVICE_KINDS.cuff,
      broker: `mqtt://127.0.0.1:${broker.port}`,
      secret: 'right',
      patient: createPatient({ script: 'steady', seed: 1 }),
      seed: 1,
      startAt: clock.now(),
      everyMs: 5000,
      clock,
      ...options,
    })
    return device
  }

  it('publishes a cuff’s measurement at QoS 1 under its own id, and counts it once acknowledged', async () => {
    const cuff = build()
    await cuff.start()
    await clock.advance(0)
    await until('an acknowledgement', () => acknowledged.length === 1)
    const [received] = broker.received
    expect(received).to.include({ clientId: 'mqtt-cuff', topic: 'homebeat/v1/mqtt-cuff/bloodPressure', qos: 1 })
    expect(received?.payload).to.have.all.keys('id', 'at', 'systolic', 'diastolic', 'pulse', 'unit')
    expect(received?.payload).to.include({ at: '2026-01-01T12:00:00.000Z', unit: 'mm[Hg]' })
    expect(received?.payload['systolic']).to.be.within(125, 131)
    expect(received?.payload['diastolic']).to.be.within(73, 79)
    expect(acknowledged).to.deep.equal([
      {
        id: received?.payload['id'],
        at: '2026-01-01T12:00:00.000Z',
        deviceId: 'mqtt-cuff',
        sensor: 'bloodPressure',
      },
    ])
    expect(cuff.unacknowledged).to.equal(0)
  })

  it('publishes a glucometer’s measurement in mmol/L', async () => {
    const glucometer = build({ kind: DEVICE_KINDS.glucometer })
    await glucometer.start()
    await clock.advance(0)
    await until('an acknowledgement', () => acknowledged.length === 1)
    expect(broker.received[0]?.topic).to.equal('homebeat/v1/mqtt-glucometer/glucose')
    expect(broker.received[0]?.payload).to.include({ unit: 'mmol/L' })
    expect(broker.received[0]?.payload['value']).to.be.closeTo(108 / 18.016, 0.1)
  })

  it('measures in every slot, each with an id of its own, and waits for a start that is ahead', async () => {
    const cuff = build({ startAt: clock.now() + 10_000 })
    await cuff.start()
    await clock.advance(9000)
    expect(cuff.unacknowledged + acknowledged.length).to.equal(0)
    await clock.advance(11_000)
    await until('three acknowledgements', () => acknowledged.length === 3)
    expect(new Set(acknowledged.map(({ id }) => id)).size).to.equal(3)
    expect(acknowledged.map(({ at }) => at)).to.deep.equal([
      '2026-01-01T12:00:10.000Z',
      '2026-01-01T12:00:15.000Z',
      '2026-01-01T12:00:20.000Z',
    ])
  })

  it('keeps what was not acknowledged, and repeats the very same message after a reconnection', async () => {
    const cuff = build()
    broker.acknowledging = false
    await cuff.start()
    await clock.advance(0)
    await until('a publication', () => broker.received.length === 1)
    await broker.cut()
    await clock.advance(5000) // measured while there is no gateway
    expect(acknowledged).to.have.length(0)
    expect(cuff.unacknowledged).to.equal(2)
    broker.acknowledging = true
    await broker.listen()
    await until('two acknowledgements', () => acknowledged.length === 2)
    const [first, again, second] = broker.received
    expect(again?.payload).to.deep.equal(first?.payload)
    expect(second?.payload['id']).to.not.equal(first?.payload['id'])
    expect(acknowledged.map(({ id }) => id)).to.deep.equal([first?.payload['id'], second?.payload['id']])
    expect(cuff.unacknowledged).to.equal(0)
  })

  it('repeats the same message when it is started again in the same slot', async () => {
    const startAt = clock.now()
    for (const runs of [1, 2]) {
      const cuff = build({ startAt })
      await cuff.start()
      await clock.advance(100)
      await until('an acknowledgement', () => acknowledged.length === 1)
      await cuff.stop()
      expect(broker.received).to.have.length(runs)
    }
    expect(broker.received[1]?.payload).to.deep.equal(broker.received[0]?.payload)
  })

  it('says that the gateway refuses it, and stops', async () => {
    let refusal: HomebeatError | undefined
    const cuff = build({
      secret: 'wrong',
      onRefused: (error) => {
        refusal = error
      },
    })
    await cuff.start()
    await until('the refusal', () => refusal !== undefined)
    expect(refusal).to.include({ code: 'device.refused' })
    expect(refusal?.message).to.not.include('wrong')
    await clock.advance(20_000)
    expect(cuff.unacknowledged).to.equal(0)
    expect(broker.received).to.have.length(0)
  })

  it('starts and stops twice without harm, also with nobody there', async () => {
    await broker.cut()
    const cuff = build()
    await cuff.stop()
    await cuff.start()
    await cuff.start()
    await clock.advance(0)
    expect(cuff.unacknowledged).to.equal(1)
    await cuff.stop()
    await cuff.stop()
  })

  it('makes ids in the shape of a UUID that differ with every part', () => {
    expect(measurementId('a', 1)).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(measurementId('a', 1)).to.equal(measurementId('a', 1))
    expect(
      new Set([measurementId('a', 1), measurementId('a', 2), measurementId('a1'), measurementId('b', 1)]).size,
    ).to.equal(4)
  })
})
