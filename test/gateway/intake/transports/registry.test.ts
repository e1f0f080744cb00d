import { expect } from 'chai'
import { FirmataTransport } from '#gateway/intake/transports/firmata/firmata-transport.js'
import { BrokerTransport } from '#gateway/intake/transports/mqtt/broker-transport.js'
import { ClientTransport } from '#gateway/intake/transports/mqtt/client-transport.js'
import { createTransport } from '#gateway/intake/transports/registry.js'
import { ReplayTransport } from '#gateway/intake/transports/replay/replay-transport.js'
import { SerialTransport } from '#gateway/intake/transports/serial/serial-transport.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'

const edges = { clock: new TestClock(), logger: silentLogger, baseDir: '/nowhere' }

function create(url: string) {
  return createTransport({ name: 'one', url, schedule: {}, devices: [] }, edges)
}

describe('The transport registry', () => {
  it('chooses the transport by the scheme of its URL', () => {
    expect(create('serial:///dev/ttyACM0?baud=115200')).to.be.instanceOf(SerialTransport)
    expect(create('serial+tcp://bridge.local:2000')).to.be.instanceOf(SerialTransport)
    expect(create('firmata:///dev/ttyACM0?interval=25')).to.be.instanceOf(FirmataTransport)
    expect(create('mqtt+broker://127.0.0.1:1883')).to.be.instanceOf(BrokerTransport)
    expect(create('mqtts+broker://0.0.0.0:8883')).to.be.instanceOf(BrokerTransport)
    expect(create('mqtt://home@broker.local')).to.be.instanceOf(ClientTransport)
    expect(create('mqtts://home@broker.local:8883?clientId=home-1')).to.be.instanceOf(ClientTransport)
    expect(create('replay:records/100.hea')).to.be.instanceOf(ReplayTransport)
  })

  it('names the transport and shows its URL without a user', () => {
    expect(create('mqtt://home@broker.local').status()).to.include({ name: 'one', url: 'mqtt://broker.local' })
  })

  for (const url of [
    'bluetooth://kit',
    'constructor:x',
    '/dev/ttyACM0',
    'serial://ttyACM0',
    'serial:///dev/ttyACM0?baud=fast',
    'serial:///dev/ttyACM0?speed=115200',
    'serial+tcp://bridge',
    'serial+tcp://bridge:2000/path',
    'mqtt+broker://',
    'mqtts+broker://0.0.0.0:8883?clientId=x',
    'mqtt+broker://127.0.0.1:1883?clientId=x',
    'mqtt://broker/topic',
  ])
    it(`refuses ${url}`, () => {
      expect(() => create(url))
        .to.throw(HomebeatError, /serial:|mqtt:/)
        .with.property('code', 'config.transport-url')
    })

  it('refuses a password in the URL, without repeating it', () => {
    expect(() => create('mqtt://home:hunter2@broker.local'))
      .to.throw(HomebeatError, /passwordFile/)
      .with.property('message')
      .that.does.not.include('hunter2')
  })
})
