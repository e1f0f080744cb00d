import { expect } from 'chai'
import { type Acknowledgement, noticeOf } from '#gateway/alarms/channels/channel.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { configSchema } from '#gateway/config/schema.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import type { AlertTransition, Priority } from '#gateway/model/alert.js'
import { FirmataBinding } from '#simulators/firmata/firmata-binding.js'
import { FirmataDevice } from '#simulators/firmata/firmata-device.js'
import { noticeFor, RAISED, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'
import { MockKit, until } from '#test/gateway/intake/transports/kits.js'
import { settle, TestClock } from '#test/support/test-clock.js'

const PATH = '/dev/annunciator'
const PINS = { high: 9, medium: 10, low: 11, buzzer: 8, button: 2 }
const never = new AbortController().signal

function rig(pins = PINS) {
  const clock = new TestClock()
  const binding = new FirmataBinding()
  const device = new FirmataDevice()
  binding.plug(PATH, device)
  const acknowledgements: Acknowledgement[] = []
  const channel = createChannel(
    { type: 'annunciator', name: 'lamp', url: `firmata://${PATH}`, pins },
    {
      fetch,
      stream: process.stderr,
      home: 'home-7',
      baseDir: '.',
      dataDir: '.',
      clock,
      serialBinding: binding,
    },
  )
  channel.onAcknowledged?.((acknowledgement) => acknowledgements.push(acknowledgement))
  const raise = (priority: Priority, state: AlertTransition['state'] = 'active') =>
    channel.notify(noticeOf({ ...RAISED, alertId: priority, priority, state }, 'home-7'), never)
  const rehearse = (state: AlertTransition['state'] = 'active') =>
    channel.notify(noticeOf({ ...RAISED, alertId: 'rehearsal-1', condition: 'rehearsal', state }, 'home-7'), never)
  const press = async (ms = 50) => {
    device.press(PINS.button, true)
    await clock.advance(ms)
    device.press(PINS.button, false)
    await clock.advance(50)
  }
  /** Levels of a pin, one for each `stepMs`. */
  const watch = async (pin: number, steps: number, stepMs: number) => {
    const levels: number[] = []
    for (let i = 0; i < steps; i++) {
      levels.push(device.level(pin) ? 1 : 0)
      await clock.advance(stepMs)
    }
    return levels.join('')
  }
  const lit = () => (['high', 'medium', 'low'] as const).filter((priority) => device.level(PINS[priority]))
  return { clock, binding, device, channel, acknowledgements, raise, rehearse, press, watch, lit }
}

describe('The annunciator', () => {
  it('says at the start that its port may not be opened, and nothing of a cable that may still come', async () => {
    const locked = new MockKit('/dev/locked')
    locked.failure = new Error('Error: Permission denied, cannot open /dev/locked')
    const on = (path: string, serialBinding: SerialBinding) =>
      createChannel(
        { type: 'annunciator', name: 'lamp', url: `firmata://${path}`, pins: PINS },
        {
          fetch,
          stream: process.stderr,
          home: 'home-7',
          baseDir: '.',
          dataDir: '.',
          clock: new TestClock(),
          serialBinding,
        },
      )
    const code = await on(locked.path, locked.binding)
      .probe?.()
      .catch((error: { code: string }) => error.code)
    expect(code).to.equal('serial.permission')
    await on('/dev/nowhere', new FirmataBinding()).probe?.()
  })

  shouldBehaveLikeChannel('The annunciator', async () => {
    const { channel, device, binding } = rig()
    return {
      channel,
      received: () => device.lines,
      async disconnect() {
        binding.unplug(PATH)
      },
      async hang() {
        device.hung = true
      },
      stop: async () => channel.stop?.(),
    }
  })

  let it7: ReturnType<typeof rig>
  beforeEach(() => {
    it7 = rig()
  })
  afterEach(() => it7.channel.stop?.())

  it('flashes red twice a second for a high alert, and sounds in two times five pulses', async () => {
    const { raise, watch } = it7
    await raise('high')
    expect(await watch(PINS.high, 8, 250)).to.equal('10101010')
    const other = rig()
    await other.raise('high')
    const burst = await other.watch(PINS.buzzer, 80, 50)
    await other.channel.stop?.()
    // In steps of 50 ms: 150 ms on, 100 ms off, a longer gap after the third pulse, 700 ms after the fifth.
    const five = ['111', '00', '111', '00', '111', '0000000', '111', '00', '111'].join('')
    expect(burst.startsWith(`${five}${'0'.repeat(14)}${five}`)).to.equal(true)
    expect(burst.match(/1+/g)).to.deep.equal(Array(10).fill('111'))
  })

  it('flashes yellow every two seconds for a medium alert, and is steady for a low one', async () => {
    const { raise, watch } = it7
    await raise('medium')
    await raise('low')
    expect(await watch(PINS.medium, 10, 400)).to.equal('1100011000')
    expect(await watch(PINS.low, 10, 400)).to.equal('1111111111')
  })

  it('sounds for the highest alert only', async () => {
    const { raise, watch } = it7
    await raise('low')
    await raise('medium')
    expect((await watch(PINS.buzzer, 160, 100)).match(/1+/g)).to.deep.equal(['11', '11', '11'])
  })

  it('is dark and silent when no alert is active', async () => {
    const { raise, device, lit, clock } = it7
    await raise('high')
    await raise('low')
    await raise('high', 'cleared')
    expect(lit()).to.deep.equal(['low'])
    await raise('low', 'cleared')
    await clock.advance(5000)
    expect(lit()).to.deep.equal([])
    expect(device.level(PINS.buzzer)).to.equal(false)
  })

  it('is silenced by its button for the alerts active now, shows them still, and says which', async () => {
    const { raise, press, watch, lit, acknowledgements, clock } = it7
    await raise('medium')
    await settle()
    await clock.advance(100)
    await press()
    expect(acknowledgements.map(({ channel, alertIds }) => ({ channel, alertIds }))).to.deep.equal([
      { channel: 'lamp', alertIds: ['medium'] },
    ])
    expect(await watch(PINS.buzzer, 400, 100)).to.not.contain('1')
    await raise('low')
    expect(lit()).to.include('low')
    expect(await watch(PINS.buzzer, 10, 100)).to.contain('1')
    await press()
    expect(acknowledgements.at(-1)?.alertIds).to.deep.equal(['low'])
  })

  it('sounds again when an acknowledged alert was over and comes back', async () => {
    const { raise, press, watch, clock } = it7
    await raise('low')
    await clock.advance(100)
    await press()
    await raise('low', 'cleared')
    await raise('low')
    expect(await watch(PINS.buzzer, 3, 100)).to.contain('1')
  })

  it('falls silent, and stays lit, when somebody acknowledges or silences elsewhere; a reminder sounds again', async () => {
    const { channel, watch, lit } = it7
    for (const quiet of ['acknowledged', 'silenced'] as const) {
      await channel.notify(noticeFor('reminder'), never)
      expect(await watch(PINS.buzzer, 10, 50)).to.contain('1')
      await channel.notify(noticeFor(quiet), never)
      expect(lit().length + (await watch(PINS.high, 8, 250)).replace(/0/g, '').length).to.be.above(0)
      expect(await watch(PINS.buzzer, 400, 50)).to.not.contain('1')
    }
    await channel.notify(noticeFor('escalated'), never)
    expect(await watch(PINS.buzzer, 10, 50)).to.contain('1')
  })

  it('goes on showing what is over but was not acknowledged, until it is', async () => {
    const { channel, watch, lit, clock } = it7
    await channel.notify(noticeFor('raised'), never)
    await channel.notify(noticeFor('latched'), never)
    expect(await watch(PINS.high, 8, 250)).to.contain('1')
    expect(await watch(PINS.buzzer, 400, 50)).to.contain('1')
    await channel.notify(noticeFor('cleared'), never)
    await clock.advance(1000)
    expect(lit()).to.deep.equal([])
    expect(await watch(PINS.buzzer, 400, 50)).to.not.contain('1')
  })

  it('lights every lamp for an exercise, sounds as no emergency does, and is answered by its button', async () => {
    const { rehearse, press, watch, acknowledgements, clock } = it7
    await rehearse()
    await clock.advance(20)
    expect(await watch(PINS.low, 4, 100)).to.equal('1111')
    expect(await watch(PINS.high, 8, 250)).to.contain('1')
    const other = rig()
    await other.rehearse()
    expect((await other.watch(PINS.buzzer, 100, 100)).match(/1+/g)).to.deep.equal(['11', '11', '11'])
    await other.channel.stop?.()
    await press()
    expect(acknowledgements.at(-1)?.alertIds).to.deep.equal(['rehearsal-1'])
    expect(await watch(PINS.buzzer, 400, 100)).to.not.contain('1')
    await rehearse('cleared')
    await clock.advance(1000)
    expect(await watch(PINS.low, 4, 100)).to.equal('0000')
  })

  it('shows and sounds an alert as if there were no exercise, and one press never answers for both', async () => {
    const { raise, rehearse, press, watch, lit, acknowledgements, clock } = it7
    await rehearse()
    await raise('low')
    await clock.advance(100)
    expect(lit()).to.deep.equal(['low'])
    expect((await watch(PINS.buzzer, 100, 100)).match(/1+/g)).to.have.length.below(2)
    await press()
    expect(acknowledgements.at(-1)?.alertIds).to.deep.equal(['low'])
    await clock.advance(20_000)
    await press()
    expect(acknowledgements.at(-1)?.alertIds).to.deep.equal(['rehearsal-1'])
    const real = rig()
    await real.rehearse()
    await real.raise('high')
    await real.clock.advance(100)
    await real.press()
    expect(real.acknowledgements.map(({ alertIds }) => alertIds)).to.deep.equal([['high']])
    await real.channel.stop?.()
  })

  it('shows every lamp and sounds for a test, then only what is active', async () => {
    const { channel, raise, watch, lit, clock, device } = it7
    await raise('low')
    await channel.notify(noticeFor('test'), never)
    expect(await watch(PINS.medium, 2, 100)).to.contain('1')
    expect(await watch(PINS.high, 8, 100)).to.contain('1')
    expect(await watch(PINS.buzzer, 20, 50)).to.contain('1')
    await clock.advance(4000)
    expect(lit()).to.deep.equal(['low'])
    await raise('low', 'cleared')
    await clock.advance(5000)
    expect(lit()).to.deep.equal([])
    expect(device.level(PINS.buzzer)).to.equal(false)
  })

  it('takes a bounce for nothing, and a button that is stuck for no press', async () => {
    const { raise, press, acknowledgements, clock, device } = it7
    device.press(PINS.button, true)
    await raise('high')
    await clock.advance(1000)
    expect(acknowledgements).to.deep.equal([])
    device.press(PINS.button, false)
    await clock.advance(100)
    await press(10)
    expect(acknowledgements).to.deep.equal([])
    await press()
    expect(acknowledgements).to.have.length(1)
  })

  it('shows after a start what was raised before it', async () => {
    const { channel, device } = it7
    await channel.start?.([noticeOf({ ...RAISED, priority: 'low' }, 'home-7')])
    await until(() => device.level(PINS.low))
    expect(device.level(PINS.buzzer)).to.equal(true)
  })

  it('shows again what is active when its board comes back', async () => {
    const { raise, binding, device, clock } = it7
    await raise('low')
    binding.unplug(PATH)
    await settle()
    binding.plug(PATH, device)
    device.reset()
    expect(device.level(PINS.low)).to.equal(false)
    await clock.advance(500)
    await until(() => device.level(PINS.low))
  })

  it('is dark and silent after a stop', async () => {
    const { raise, channel, device, lit } = it7
    await raise('low')
    await channel.stop?.()
    expect(lit()).to.deep.equal([])
    expect(device.level(PINS.buzzer)).to.equal(false)
  })

  it('has pins of its own by default', () => {
    const channels = configSchema.shape.alerts.parse({
      channels: [{ type: 'annunciator', url: 'firmata:///dev/ttyACM1' }],
    }).channels
    expect(channels[0]).to.deep.include({ name: 'annunciator', pins: PINS })
  })
})
