import { FirmataTransport } from '#gateway/intake/transports/firmata/firmata-transport.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { FirmataBinding } from '#simulators/firmata/firmata-binding.js'
import { FirmataDevice } from '#simulators/firmata/firmata-device.js'
import { shouldBehaveLikeTransport, shouldProbe } from '#test/behaviours/transport.behaviour.js'
import { MockKit, until } from '#test/gateway/intake/transports/kits.js'
import { TestClock } from '#test/support/test-clock.js'

const PATH = '/dev/firmata'
/** Intervals in a block, and those that pass before the first: the report out of turn is one more. */
const BLOCK = 25
const SETTLING = 2

shouldBehaveLikeTransport('FirmataTransport', async () => {
  const clock = new TestClock()
  const binding = new FirmataBinding()
  // A converter has no texts: each stands for a count on A3, constant for one block.
  const texts: string[] = []
  let current = 0
  const device = new FirmataDevice({ analog: (channel) => (channel === 3 ? current : 0) })
  binding.plug(PATH, device)
  return {
    transport: new FirmataTransport({
      name: 'uno',
      url: `firmata://${PATH}?accelerometer=off`,
      clock,
      logger: silentLogger,
      binding,
    }),
    async send(sent) {
      await until(() => binding.isOpen(PATH) && device.reporting === 4)
      device.run(SETTLING)
      for (const text of sent) {
        current = texts.push(text) - 1
        device.run(BLOCK)
      }
      device.run(1)
    },
    textOf(frame) {
      if (frame.format !== 'analog-samples') return null
      return texts[frame.channels.at(-1)?.samples.at(0) ?? -1] ?? null
    },
    async dispose() {},
  }
})

shouldProbe('FirmataTransport', async () => {
  const binding = new FirmataBinding()
  binding.plug(PATH, new FirmataDevice())
  const locked = new MockKit('/dev/locked')
  locked.failure = new Error('Error: Permission denied, cannot open /dev/locked')
  const on = (path: string, port: SerialBinding) =>
    new FirmataTransport({
      name: 'uno',
      url: `firmata://${path}`,
      clock: new TestClock(),
      logger: silentLogger,
      binding: port,
    })
  return {
    right: on(PATH, binding),
    wrong: [
      { transport: on('/dev/nowhere', binding), code: null },
      { transport: on(locked.path, locked.binding), code: 'serial.permission' },
    ],
    dispose: async () => {},
  }
})
