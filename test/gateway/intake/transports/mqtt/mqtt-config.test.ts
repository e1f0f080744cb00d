import { expect } from 'chai'
import { stringify } from 'yaml'
import { parseConfig } from '#gateway/config/load.js'

const parse = (transport: object) =>
  parseConfig(
    stringify({
      home: { id: 'home-1', patient: 'p-1' },
      transports: [{ name: 'one', url: 'mqtt://site', ...transport }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    }),
  ).transports[0]

describe('The configuration of MQTT', () => {
  for (const topic of ['tele/cuff/#', 'tele/+/SENSOR', 'home/+/BTtoMQTT/#', 'homebeatx/#', 'esphome'])
    it(`subscribes to ${topic}`, () => {
      expect(parse({ subscribe: [{ topic, device: 'cuff' }] })?.subscribe).to.deep.equal([{ topic, device: 'cuff' }])
    })

  for (const topic of [
    '#',
    '+/x',
    '$SYS/#',
    '$share/g/x',
    '/x',
    'homebeat',
    'homebeat/v1/x',
    'tele#',
    'tele/a+',
    'a/#/b',
    '',
  ])
    it(`does not subscribe to ${topic === '' ? 'nothing' : topic}`, () => {
      expect(() => parse({ subscribe: [{ topic, device: 'cuff' }] })).to.throw(/transports\[0\]\.subscribe\[0\]\.topic/)
    })

  for (const topic of ['#', 'tele/+', 'tele/#', '/tele', '$SYS', 'homebeat/v1/meter', 'homebeat'])
    it(`gives no device the prefix ${topic}`, () => {
      expect(() => parse({ devices: [{ id: 'cuff', topics: [topic] }] })).to.throw(/devices\[0\]\.topics\[0\]/)
    })

  it('fills in the limits that are not given', () => {
    expect(parse({ limits: { messagesPerSecond: 5 } })?.limits).to.deep.equal({
      messagesPerSecond: 5,
      burst: 200,
      bytesPerSecond: 262_144,
    })
  })
})
