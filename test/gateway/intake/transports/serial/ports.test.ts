import { expect } from 'chai'
import { parseSerialUrl } from '#gateway/intake/transports/serial/address.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import { findPort, listPorts, portUrl } from '#gateway/intake/transports/serial/ports.js'
import { SerialTransport } from '#gateway/intake/transports/serial/serial-transport.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { describePorts } from '#gateway/surfaces/cli/serial.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import { MockKit, until } from '#test/gateway/intake/transports/kits.js'
import { TestClock } from '#test/support/test-clock.js'

const UNO = { vendorId: '2341', productId: '0043' }
const entry = (path: string, serialNumber?: string) => ({ path, ...UNO, serialNumber, manufacturer: 'Arduino' })
const listing = (...entries: unknown[]) => ({ list: async () => entries })

describe('A serial port by its USB fingerprint', () => {
  const sentence = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('it was found'),
      (error: HomebeatError) => `${error.code}: ${error.message}`,
    )

  it('is written as vendor and product, with a serial number where there is one', () => {
    expect(parseSerialUrl('serial+usb://2341:0043')).to.deep.equal({ kind: 'usb', usb: UNO, baud: 115200 })
    expect(parseSerialUrl('serial+usb://1A86:7523?serial=A%209&baud=57600')).to.deep.equal({
      kind: 'usb',
      usb: { vendorId: '1a86', productId: '7523', serial: 'A 9' },
      baud: 57600,
    })
    for (const [url, why] of [
      ['serial+usb://any', 'give vendor, product'],
      ['serial+usb://2341', 'give vendor, product'],
      ['serial+usb://23411:0043', 'give vendor, product'],
      ['serial+usb://2341:0043?serial=', 'give vendor, product and serial number'],
      ['serial+usb://2341:0043?path=/dev/x', 'unknown setting "path"'],
      ['serial+usb://2341:0043?baud=fast', 'baud must be a number'],
    ] as const)
      expect(() => parseSerialUrl(url), url)
        .to.throw(HomebeatError, why)
        .with.property('code', 'config.transport-url')
  })

  it('is found among the others, whatever case its digits have', async () => {
    const ports = listing(
      { path: '/dev/ttyS0' },
      { path: '/dev/x', vendorId: '2341', productId: '0010' },
      entry('/dev/a'),
    )
    expect(await findPort(UNO, ports)).to.equal('/dev/a')
    const upper = { path: '/dev/b', vendorId: '0x1A86', productId: '7523' }
    expect(await findPort({ vendorId: '1a86', productId: '7523' }, listing(upper))).to.equal('/dev/b')
  })

  it('is told apart by its serial number, and never guessed', async () => {
    const two = listing(entry('/dev/a', 'S1'), entry('/dev/b', 'S2'))
    expect(await findPort({ ...UNO, serial: 'S2' }, two)).to.equal('/dev/b')
    expect(await sentence(findPort(UNO, two))).to.equal(
      'serial.ambiguous: 2 USB devices are 2341:0043: /dev/a (serial=S1), /dev/b (serial=S2); add the serial= of the one that is meant to the URL',
    )
    expect(await sentence(findPort(UNO, listing(entry('/dev/a'), entry('/dev/b'))))).to.match(
      /no serial number\); unplug one, or name its path/,
    )
    expect(await sentence(findPort({ ...UNO, serial: 'S3' }, two))).to.match(
      /^serial\.not-found: there is no USB device 2341:0043 with serial number S3: is the kit plugged in\?/,
    )
  })

  it('survives what a strange device says of itself', async () => {
    const ports = await listPorts(listing(null, 7, { path: '' }, { path: '/dev/a', vendorId: 'zz', serialNumber: 5 }))
    expect(ports).to.deep.equal([{ path: '/dev/a', manufacturer: undefined, usb: null }])
    expect(describePorts([{ path: '/dev/a', manufacturer: 'x\u001b[2J\ny', usb: null }])).to.equal(
      'serial:///dev/a  /dev/a, x·[2J·y\n',
    )
  })

  it('is listed as a URL that means it, USB first', async () => {
    const ports = await listPorts(listing({ path: '/dev/ttyS0' }, entry('/dev/ttyACM0', 'A 9')))
    expect(describePorts(ports)).to.equal(
      [
        'serial+usb://2341:0043?serial=A%209  /dev/ttyACM0, Arduino\n',
        'serial:///dev/ttyS0                  /dev/ttyS0\n',
      ].join(''),
    )
    const again = parseSerialUrl(portUrl(ports[1] as (typeof ports)[number]))
    expect(again).to.deep.include({ kind: 'usb', usb: { ...UNO, serial: 'A 9' } })
    expect(describePorts([])).to.equal('No serial port is connected.\n')
  })
})

describe('SerialTransport on a USB device', () => {
  it('finds it again under another name, and waits while two could be meant', async () => {
    const [first, second] = [new MockKit('/dev/usb0'), new MockKit('/dev/usb1')]
    let plugged: unknown[] = []
    const binding: SerialBinding = {
      list: async () => plugged,
      open: (options) => (options.path === first.path ? first : second).binding.open(options),
    }
    const clock = new TestClock()
    const url = 'serial+usb://2341:0043'
    const transport = new SerialTransport({ name: 'kit', url, clock, logger: silentLogger, binding })
    const reader = new FrameReader(transport)
    try {
      await transport.start()
      await until(() => transport.status().state === 'waiting')
      expect(transport.status().sentence).to.match(
        /^waiting 0\.5 s before opening USB device 2341:0043 again: there is no/,
      )

      plugged = [entry(first.path)]
      await clock.advance(500)
      expect(await reader.expect('transport-event')).to.include({
        event: 'connected',
        detail: 'connected to /dev/usb0',
      })
      await first.write('!a\n!torn')
      expect((await reader.expect('kit-line')).line).to.equal('!a')

      // Pulled in the middle of a line, while its twin is there.
      plugged = [entry('/dev/usb0', 'S1'), entry('/dev/usb1', 'S2')]
      const port = await first.port()
      port.read = () => Promise.reject(new Error('Reading from COM port: Input/output error'))
      await first.write('x')
      expect(await reader.expect('transport-event')).to.include({ event: 'disconnected' })
      await until(() => transport.status().state === 'waiting')
      await clock.advance(500)
      await until(() => transport.status().sentence.includes('serial=S1'))
      expect(transport.status().sentence).to.match(/\/dev\/usb0 \(serial=S1\), \/dev\/usb1 \(serial=S2\)/)

      plugged = [entry(second.path)]
      await clock.advance(1000)
      expect(await reader.expect('transport-event')).to.include({
        event: 'connected',
        detail: 'connected to /dev/usb1',
      })
      await second.write('!b\n')
      expect((await reader.expect('kit-line')).line).to.equal('!b')
    } finally {
      await transport.stop()
    }
  })
})
