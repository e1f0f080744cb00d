import { expect } from 'chai'
import type { MqttClient } from 'mqtt'
import { BrokerTransport } from '#gateway/intake/transports/mqtt/broker-transport.js'
import type { Logger } from '#gateway/platform/logger.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import { connected, mqttClient, temporaryFolder, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { TestClock } from '#test/support/test-clock.js'

/** What each publishes with its defaults when it connects, its last will, and then a reading. */
const FIRMWARE = [
  {
    name: 'Tasmota',
    will: ['tele/tas-1/LWT', 'Offline'],
    births: [
      ['tele/tas-1/LWT', 'Online', true],
      ['cmnd/tas-1/POWER', '', false],
      ['tasmota/discovery/AABBCCDDEEFF/config', '{"ip":"192.0.2.7"}', true],
      ['tele/tas-1/INFO1', '{"Info1":{"Module":"Generic"}}', false],
    ],
    said: ['tele/tas-1', 'cmnd/tas-1', 'tasmota/discovery'],
  },
  {
    name: 'ESPHome',
    will: ['node/status', 'offline'],
    births: [
      ['node/status', 'online', true],
      ['homeassistant/sensor/node/pulse/config', '{}', true],
      ['node/debug', '[I][mqtt:274]: connected', false],
    ],
    said: ['node', 'homeassistant/sensor'],
  },
  {
    name: 'OpenMQTTGateway',
    will: ['home/OpenMQTTGateway/LWT', 'offline'],
    births: [
      ['home/OpenMQTTGateway/LWT', 'online', true],
      ['home/OpenMQTTGateway/SYStoMQTT', '{"uptime":3}', false],
    ],
    said: ['home/OpenMQTTGateway'],
  },
] as const

describe('Firmware with its defaults at the broker', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let broker: BrokerTransport
  let client: MqttClient
  let infos: string[]

  beforeEach(async () => {
    folder = await temporaryFolder()
    await writeSecret(folder.path, 'esp.secret', 'secret of esp')
    infos = []
    const nothing = () => {}
    const logger = {
      debug: nothing,
      info: (...args: unknown[]) => infos.push(String(args.at(-1))),
      warn: nothing,
      error: nothing,
    }
    broker = new BrokerTransport({
      ...{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0', baseDir: folder.path, clock: new TestClock() },
      devices: [{ id: 'esp', secretFile: 'esp.secret' }],
      logger: { ...logger, child: () => logger } as unknown as Logger,
    })
    await broker.start()
  })
  afterEach(async () => {
    await client.endAsync(true)
    await broker.stop()
    await folder.remove()
  })

  for (const { name, will, births, said } of FIRMWARE)
    it(`stays connected: ${name}; what is not its own is said once, with what to change`, async () => {
      const reader = new FrameReader(broker)
      client = await connected(
        mqttClient(broker.address().port, {
          ...{ clientId: 'esp', username: 'esp', password: 'secret of esp' },
          will: { topic: will[0], payload: Buffer.from(will[1]), qos: 1, retain: true },
        }),
      )
      for (let i = 0; i < 2; i++)
        for (const [topic, payload, retain] of births) await client.publishAsync(topic, payload, { qos: 1, retain })
      const published = client.publishAsync('homebeat/v1/esp/pulse', 'x', { qos: 1 })
      const frame = await reader.find('mqtt-publish')
      expect(frame.topic).to.equal('homebeat/v1/esp/pulse')
      frame.settle({ outcome: 'committed' })
      await published
      const advice = infos.filter((info) => info.includes('is dropped'))
      expect(advice).to.have.length(said.length)
      for (const prefix of said)
        expect(advice.join('\n')).to.include(`transports[].devices with id: esp and topics: ["${prefix}"]`)
      expect(broker.check()[0]).to.include({ condition: 'device-lost-esp', present: false })
    })
})
