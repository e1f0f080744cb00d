import { expect } from 'chai'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { temperatureFromCounts } from '#gateway/clinical/sensors/body-temperature/definition.js'
import { conductanceFromCounts } from '#gateway/clinical/sensors/gsr/definition.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { parseFirmataUrl } from '#gateway/intake/transports/firmata/address.js'
import { FirmataTransport } from '#gateway/intake/transports/firmata/firmata-transport.js'
import { libraries } from '#gateway/intake/transports/firmata/libraries.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { FirmataBinding } from '#simulators/firmata/firmata-binding.js'
import { FirmataDevice, type FirmataDeviceOptions } from '#simulators/firmata/firmata-device.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import { until } from '#test/gateway/intake/transports/kits.js'
import { settle, TestClock } from '#test/support/test-clock.js'

const PATH = '/dev/firmata'
const BLOCK = 25

function rig(options: FirmataDeviceOptions = {}, query = '') {
  const clock = new TestClock()
  const binding = new FirmataBinding()
  const device = new FirmataDevice(options)
  binding.plug(PATH, device)
  const transport = new FirmataTransport({
    name: 'uno',
    url: `firmata://${PATH}${query}`,
    clock,
    logger: silentLogger,
    binding,
  })
  const reader = new FrameReader(transport)
  /** The board is told everything, and its reports out of turn have gone. */
  const ready = async () => {
    await until(() => binding.isOpen(PATH) && device.reporting === 4)
    await settle()
  }
  /** Virtual time: the board's and the gateway's. */
  const run = async (intervals: number, lost: readonly number[] = []) => {
    for (let i = 0; i < intervals; i++) {
      device.run(1, lost)
      await clock.advance(device.intervalMs)
    }
  }
  return { clock, binding, device, transport, reader, ready, run }
}

describe('FirmataTransport', () => {
  let bench: ReturnType<typeof rig>
  const build = (options?: FirmataDeviceOptions, query?: string) => {
    bench = rig(options, query)
    return bench
  }
  afterEach(() => bench?.transport.stop())

  it('gives what each input and the accelerometer said, in blocks of half a second', async () => {
    const counts = [512, 300, 400, 600]
    const { transport, reader, ready, run, device } = build({
      analog: (channel, t) => (counts[channel] ?? 0) + (channel === 0 ? Math.round(t / 20) % 7 : 0),
      acceleration: () => [0, 1, -2],
    })
    await transport.start()
    await ready()
    await run(2 + BLOCK + 1)
    const frame = await reader.find('analog-samples')
    expect(frame).to.include({ transport: 'uno', periodMs: 20 })
    expect(frame.channels.map(({ sensor }) => sensor)).to.deep.equal(['ecg', 'airflow', 'gsr', 'bodyTemperature'])
    for (const { samples } of frame.channels) expect(samples).to.have.length(BLOCK)
    const ecg = frame.channels[0]?.samples ?? []
    const first = (ecg[0] ?? 0) - 512
    expect(ecg).to.deep.equal(Array.from({ length: BLOCK }, (_, i) => 512 + ((first + i) % 7)))
    expect(frame.channels[3]?.samples.at(-1)).to.equal(600)
    expect(frame.acceleration).to.deep.equal(Array(BLOCK).fill([0, 256, -512]))
    expect(device.intervalMs).to.equal(20)
  })

  it('counts positions in intervals, and marks what was lost on the line', async () => {
    const { transport, reader, ready, run } = build({ analog: () => 500 }, '?accelerometer=off')
    await transport.start()
    await ready()
    await run(2 + 10)
    await run(1, [1])
    await run(2 * BLOCK - 11 + 1)
    const [one, two] = [await reader.find('analog-samples'), await reader.find('analog-samples')]
    expect(two.clockMs - one.clockMs).to.equal(500)
    expect(one.channels[1]?.samples.indexOf(null)).to.equal(10)
    expect(one.channels[0]?.samples).to.not.include(null)
    expect(one).to.not.have.property('acceleration')
  })

  it('tells an accelerometer that is plugged in late what to do', async () => {
    const { transport, reader, ready, run, device } = build({ acceleration: () => [1, 0, 0] })
    device.bus.accelerometer.connected = false
    await transport.start()
    await ready()
    await run(2 + BLOCK + 1)
    expect((await reader.find('analog-samples')).acceleration).to.deep.equal(Array(BLOCK).fill(null))
    device.bus.accelerometer.connected = true
    await run(3 * BLOCK)
    let last = await reader.find('analog-samples')
    last = await reader.find('analog-samples')
    last = await reader.find('analog-samples')
    expect(last.acceleration?.at(-1)).to.deep.equal([256, 0, 0])
  })

  it('sets a board up again that restarted by itself, and leaves the gap', async () => {
    const { transport, reader, ready, run, device, clock } = build({ analog: () => 5 }, '?accelerometer=off')
    await transport.start()
    await ready()
    await run(2 + BLOCK + 1)
    const before = await reader.find('analog-samples')
    await clock.advance(3000)
    device.reset()
    await ready()
    await run(2 + BLOCK + 1)
    // The interval that was begun before ends with the restart.
    let after = await reader.find('analog-samples')
    while (after.channels[0]?.samples.length !== BLOCK) after = await reader.find('analog-samples')
    expect(after.clockMs - before.clockMs).to.be.within(3500, 3600)
  })

  it('says that the cable was pulled, waits, and goes on when it is back', async () => {
    const { transport, reader, ready, run, device, binding, clock } = build({}, '?accelerometer=off')
    await transport.start()
    await ready()
    expect(transport.status().sentence).to.equal(`connected to ${PATH} (StandardFirmata.ino, protocol 2.5)`)
    await run(3)
    binding.unplug(PATH)
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.contain('unplugged').and.contain('0.5 s')
    await clock.advance(500)
    await until(() => transport.status().sentence.includes('there is no'))
    expect(transport.status().sentence).to.contain('waiting 1 s').and.contain(`there is no ${PATH}`)
    binding.plug(PATH, device)
    await clock.advance(1000)
    await ready()
    const events = [
      await reader.find('transport-event'),
      await reader.find('transport-event'),
      await reader.find('transport-event'),
    ]
    expect(events.map(({ event }) => event)).to.deep.equal(['connected', 'disconnected', 'connected'])
  })

  it('finds a board by its USB fingerprint, under the name it has after it was plugged in again', async () => {
    const clock = new TestClock()
    const boards = new FirmataBinding()
    const usb = { vendorId: '2341', productId: '0043' }
    const binding = {
      list: async () => (await boards.list()).map((port) => ({ ...port, ...usb })),
      open: boards.open.bind(boards),
    }
    const transport = new FirmataTransport({
      name: 'uno',
      url: 'firmata+usb://2341:0043?accelerometer=off',
      clock,
      logger: silentLogger,
      binding,
    })
    boards.plug('/dev/ttyACM0', new FirmataDevice())
    try {
      await transport.start()
      await until(() => transport.status().state === 'connected')
      boards.unplug('/dev/ttyACM0')
      await until(() => transport.status().state === 'waiting')
      boards.plug('/dev/ttyACM1', new FirmataDevice())
      await clock.advance(500)
      await until(() => boards.isOpen('/dev/ttyACM1') && transport.status().state === 'connected')
    } finally {
      await transport.stop()
    }
  })

  it('says what to do when the board does not speak Firmata, and asks it before that', async () => {
    const { transport, device, clock } = build()
    let asked = 0
    device.hung = true
    device.take = (bytes) => {
      asked += bytes.length
    }
    await transport.start()
    await until(() => transport.status().sentence.includes('introduce itself'))
    await settle()
    await clock.advance(14_000)
    expect(asked).to.be.greaterThan(0)
    await clock.advance(1000)
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.contain('does not speak Firmata: upload StandardFirmata')
  })

  it('opens the port of a board again that hangs', async () => {
    const { transport, ready, run, device, clock, binding } = build()
    await transport.start()
    await ready()
    await run(5)
    device.hung = true
    await clock.advance(10_000)
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.contain('sent nothing for 10 s')
    device.hung = false
    await clock.advance(500)
    await ready()
    expect(binding.opened).to.equal(2)
  })

  it('refuses a board whose converter the formulas do not hold for', async () => {
    const { transport } = build({ adcBits: 12 })
    await transport.start()
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.contain('is not like an Uno')
  })

  it('outlives noise that the protocol’s parser does not', async () => {
    const { transport, reader, ready, run, device, clock } = build({ analog: () => 700 }, '?accelerometer=off')
    await transport.start()
    await ready()
    // A pin state of a pin that no board has, and a message whose end was lost.
    device.noise([0xf0, 0x6d, 0x6e, 0xf7, 0xf0, 0x6e, 120, 1, 1, 0xf7])
    device.noise([0xf0, ...Array<number>(5000).fill(1)])
    await settle()
    await run(2 + BLOCK + 1)
    await clock.advance(1000)
    expect((await reader.find('analog-samples')).channels[0]?.samples).to.include(700)
    await transport.stop()
    const refused = (await reader.rest()).find(
      (frame) => frame.format === 'transport-event' && frame.event === 'refused',
    )
    expect(refused).to.include({ detail: 'messages that break the Firmata protocol', count: 2 })
  })

  it('keeps no board that is gone', async () => {
    const { transport, ready } = build()
    const { cache } = libraries().Board
    const before = cache.length
    for (let i = 0; i < 3; i++) {
      await transport.start()
      await ready()
      expect(cache.length).to.equal(before + 1)
      await transport.stop()
    }
    expect(cache.length).to.equal(before)
  })

  it('holds the board back while nobody takes its blocks', async () => {
    const { transport, reader, ready, device, binding } = build(
      { analog: (_c, t) => (t / 20) % 1000 },
      '?accelerometer=off',
    )
    await transport.start()
    await ready()
    // 240 KB: more than all buffers on the way hold.
    const sent = 20_000
    device.run(sent)
    await settle(50)
    const unread = binding.unread(PATH)
    await settle(50)
    expect(unread).to.be.greaterThan(0)
    expect(binding.unread(PATH)).to.equal(unread)
    const samples: (number | null)[] = []
    while (samples.length < sent - 2 * BLOCK) {
      samples.push(...((await reader.find('analog-samples')).channels[0]?.samples ?? []))
    }
    const steps = samples.slice(1).map((sample, i) => ((sample ?? 0) - (samples[i] ?? 0) + 1000) % 1000)
    expect(new Set(steps)).to.deep.equal(new Set([1]))
  })

  it('brings the right values from the pins to measurements', async () => {
    const { transport, reader, ready, run, clock } = build({
      // A breath every four seconds, a steady warm skin, 8 µS or so.
      analog: (channel, t) =>
        [512 + 100 * Math.sin((2 * Math.PI * t) / 800), 500 + 200 * Math.sin((2 * Math.PI * t) / 4000), 184, 420][
          channel
        ] ?? 0,
      acceleration: () => [0, 1, 0],
    })
    const pipeline = new Pipeline({
      patient: 'patient-1',
      limits: limitsInForce({}),
      active: [],
      devices: { uno: 'chest' },
    })
    await transport.start()
    await ready()
    const start = clock.now()
    await run(50 * 40)
    await transport.stop()
    const frames = await reader.rest()
    const measurements = frames.flatMap((frame) => pipeline.accept(frame, frame.receivedAt).measurements)
    measurements.push(...pipeline.flush(clock.now()).measurements)
    const of = (observable: string) => measurements.filter((m) => m.observable === observable)
    const quantity = (observable: string) => {
      const value = of(observable).at(-1)?.value
      return value?.type === 'quantity' ? value.value : null
    }
    expect(quantity('bodyTemperature')).to.be.closeTo(temperatureFromCounts(420), 0.006)
    expect(quantity('skinConductance')).to.be.closeTo(conductanceFromCounts(184), 0.006)
    expect(quantity('respiratoryRate')).to.be.closeTo(15, 0.5)
    expect(of('bodyPosition').at(-1)?.value).to.include({ type: 'position' })
    const ecg = of('ecgWaveform')
    expect(ecg.length).to.be.at.least(3)
    for (const { value, remarks, quality, deviceId } of ecg) {
      expect({ remarks, quality, deviceId }).to.deep.equal({
        remarks: ['below-diagnostic-rate'],
        quality: 'questionable',
        deviceId: 'chest',
      })
      expect(value).to.include({ type: 'waveform', periodMs: 20, unit: 'V' })
    }
    const samples = ecg.flatMap(({ value }) => (value.type === 'waveform' ? value.samples : []))
    expect(Math.max(...samples.map((sample) => sample ?? 0))).to.equal(612)
    expect(ecg[0]?.at).to.be.within(start, start + 200)
    expect(of('airflowWaveform')[0]?.remarks).to.deep.equal([])
  })
})

describe('The address of a Firmata board', () => {
  it('reads path, speed, interval and whether there is an accelerometer', () => {
    expect(parseFirmataUrl('firmata:///dev/ttyACM0')).to.deep.equal({
      path: '/dev/ttyACM0',
      baud: 57600,
      intervalMs: 20,
      accelerometer: true,
    })
    expect(parseFirmataUrl('firmata:///dev/tty%20x?baud=115200&interval=50&accelerometer=off')).to.deep.equal({
      path: '/dev/tty x',
      baud: 115200,
      intervalMs: 50,
      accelerometer: false,
    })
  })

  for (const url of [
    'firmata://ttyACM0',
    'firmata:///',
    'firmata:///dev/x?baud=fast',
    'firmata:///dev/x?interval=5',
    'firmata:///dev/x?interval=51',
    'firmata:///dev/x?accelerometer=yes',
    'firmata:///dev/x?pin=3',
    'firmata:///dev/%ff',
    'firmata+usb://uno',
    'firmata+usb://2341:0043?path=/dev/x',
    'serial:///dev/x',
    'nonsense',
  ]) {
    it(`refuses ${url} and says how to write it`, () => {
      expect(() => parseFirmataUrl(url))
        .to.throw(HomebeatError)
        .that.includes({ code: 'config.transport-url' })
        .and.property('message')
        .contains('firmata:///dev/ttyACM0')
    })
  }
})
