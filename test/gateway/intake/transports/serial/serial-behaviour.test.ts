import { SerialTransport } from '#gateway/intake/transports/serial/serial-transport.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { shouldBehaveLikeTransport } from '#test/behaviours/transport.behaviour.js'
import { MockKit, TcpKit } from '#test/gateway/intake/transports/kits.js'
import { TestClock } from '#test/support/test-clock.js'

shouldBehaveLikeTransport('SerialTransport over TCP', async () => {
  const kit = await TcpKit.listen()
  return {
    transport: new SerialTransport({ name: 'kit', url: kit.url, clock: new TestClock(), logger: silentLogger }),
    send: async (texts) => {
      await kit.nextConnection()
      await kit.write(texts.map((text) => `${text}\n`).join(''))
    },
    dispose: () => kit.close(),
  }
})

let ports = 0
shouldBehaveLikeTransport('SerialTransport on a port', async () => {
  const kit = new MockKit(`/dev/behaviour${ports++}`)
  return {
    transport: new SerialTransport({
      name: 'kit',
      url: kit.url,
      clock: new TestClock(),
      logger: silentLogger,
      binding: kit.binding,
    }),
    send: (texts) => kit.write(texts.map((text) => `${text}\n`).join('')),
    dispose: async () => {},
  }
})
