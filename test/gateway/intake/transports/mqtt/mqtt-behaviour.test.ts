import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import type { MqttClient } from 'mqtt'
import { BrokerTransport } from '#gateway/intake/transports/mqtt/broker-transport.js'
import { ClientTransport } from '#gateway/intake/transports/mqtt/client-transport.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { shouldBehaveLikeTransport, shouldProbe } from '#test/behaviours/transport.behaviour.js'
import { connected, mqttClient, temporaryFolder, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { TestClock } from '#test/support/test-clock.js'

shouldBehaveLikeTransport('BrokerTransport', async () => {
  const folder = await temporaryFolder()
  const secretFile = await writeSecret(folder.path, 'cuff.secret', 'open sesame')
  const transport = new BrokerTransport({
    name: 'broker',
    url: 'mqtt+broker://127.0.0.1:0',
    devices: [{ id: 'cuff', secretFile }],
    baseDir: folder.path,
    clock: new TestClock(),
    logger: silentLogger,
  })
  const devices: MqttClient[] = []
  return {
    transport,
    send: async (texts) => {
      const options = { clientId: 'cuff', username: 'cuff', password: 'open sesame' }
      const device = await connected(mqttClient(transport.address().port, options))
      devices.push(device)
      for (const text of texts) device.publish('homebeat/v1/cuff/data', text, { qos: 1 })
    },
    dispose: async () => {
      for (const device of devices) await device.endAsync(true)
      await folder.remove()
    },
  }
})

shouldBehaveLikeTransport('ClientTransport', async () => {
  const broker = await Aedes.createBroker()
  const subscribed = () => once(broker, 'subscribe')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    broker.handle(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const transport = new ClientTransport({
    name: 'site',
    url: `mqtt://127.0.0.1:${port}`,
    baseDir: '.',
    clock: new TestClock(),
    logger: silentLogger,
  })
  // Every start subscribes anew: each `send` waits for the subscription that is next in order.
  let subscription = subscribed()
  return {
    transport,
    send: async (texts) => {
      await subscription
      subscription = subscribed()
      const publisher = await connected(mqttClient(port))
      await Promise.all(texts.map((text) => publisher.publishAsync('homebeat/v1/cuff/data', text, { qos: 1 })))
      await publisher.endAsync()
    },
    dispose: async () => {
      await new Promise<void>((resolve) => broker.close(resolve))
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
})

shouldProbe('BrokerTransport', async () => {
  const folder = await temporaryFolder()
  const secretFile = await writeSecret(folder.path, 'cuff.secret', 'open sesame')
  const build = (url: string, tls?: { certFile: string; keyFile: string }) =>
    new BrokerTransport({
      ...{ name: 'broker', url, tls, devices: [{ id: 'cuff', secretFile }], baseDir: folder.path },
      clock: new TestClock(),
      logger: silentLogger,
    })
  const files = { certFile: 'no.crt', keyFile: 'no.key' }
  return {
    right: build('mqtt+broker://127.0.0.1:0'),
    wrong: [{ transport: build('mqtts+broker://127.0.0.1:0', files), code: 'config.certificate' }],
    dispose: () => folder.remove(),
  }
})

shouldProbe('ClientTransport', async () => {
  const build = (url: string, more = {}) =>
    new ClientTransport({ name: 'site', url, baseDir: '/', clock: new TestClock(), logger: silentLogger, ...more })
  return {
    right: build('mqtt://127.0.0.1:1'),
    wrong: [
      { transport: build('mqtt://broker.invalid'), code: null },
      { transport: build('mqtts://127.0.0.1:1', { tls: { caFile: 'no.crt' } }), code: 'config.certificate' },
      { transport: build('mqtt://127.0.0.1:1', { passwordFile: 'no.secret' }), code: 'secret.not-found' },
    ],
    dispose: async () => {},
  }
})
