import { SerialTransport } from '#gateway/intake/transports/serial/serial-transport.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { shouldBehaveLikeTransport, shouldProbe } from '#test/behaviours/transport.behaviour.js'
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

shouldProbe('SerialTransport', async () => {
  const [kit, locked] = [new MockKit(`/dev/behaviour${ports++}`), new MockKit(`/dev/behaviour${ports++}`)]
  locked.failure = new Error('Error: Permission denied, cannot open')
  const on = (url: string, { binding }: MockKit) =>
    new SerialTransport({ name: 'kit', url, clock: new TestClock(), logger: silentLogger, binding })
  return {
    right: on(kit.url, kit),
    wrong: [
      { transport: on('serial:///dev/nowhere', kit), code: null },
      { transport: on('serial+tcp://127.0.0.1:1', kit), code: null },
      { transport: on(locked.url, locked), code: 'serial.permission' },
    ],
    dispose: async () => {},
  }
})
