import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { nativeBinding } from '#gateway/intake/transports/serial/native-binding.js'
import { SerialTransport } from '#gateway/intake/transports/serial/serial-transport.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import { type Logger, silentLogger } from '#gateway/platform/logger.js'
import { FrameReader } from '#test/behaviours/transport.behaviour.js'
import { kitLine, MockKit, TcpKit, until } from '#test/gateway/intake/transports/kits.js'
import { TestClock } from '#test/support/test-clock.js'

const failure = (promise: Promise<unknown>): Promise<HomebeatError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: HomebeatError) => error,
  )

describe('SerialTransport over TCP', () => {
  let kit: TcpKit
  let clock: TestClock
  let transport: SerialTransport
  let reader: FrameReader
  beforeEach(async () => {
    kit = await TcpKit.listen()
    clock = new TestClock()
    transport = new SerialTransport({ name: 'kit', url: kit.url, clock, logger: silentLogger })
    reader = new FrameReader(transport)
  })
  afterEach(async () => {
    await transport.stop()
    await kit.close()
  })

  it('gives a line from its last ! on, without its LF, unchecked', async () => {
    await transport.start()
    await kit.write('\xaa\x55garbage!torn!T,0001,00000010,o,382*0000\n')
    expect((await reader.find('kit-line')).line).to.equal('!T,0001,00000010,o,382*0000')
  })

  it('counts lines that are too long or have no beginning, and says so once for each reason', async () => {
    await transport.start()
    await kit.write(`noise\nnoise\n!${'x'.repeat(5000)}\nnoise\n!a\n`)
    expect((await reader.find('kit-line')).line).to.equal('!a')
    await clock.advance(1000)
    const first = await reader.expect('transport-event')
    expect(first).to.include({ event: 'refused', count: 3, detail: 'lines without a beginning' })
    const second = await reader.expect('transport-event')
    expect(second).to.include({ event: 'refused', count: 1, detail: 'lines of more than 160 bytes' })
  })

  it('counts ten megabytes without an end once, and reads the next line', async function () {
    this.timeout(30_000)
    await transport.start()
    const block = Buffer.alloc(1 << 20, 'x')
    await kit.write('!')
    for (let i = 0; i < 10; i++) await kit.write(block)
    await kit.write('\n!next\n')
    expect((await reader.find('kit-line')).line).to.equal('!next')
    await clock.advance(1000)
    expect(await reader.expect('transport-event')).to.include({ count: 1, detail: 'lines of more than 160 bytes' })
  })

  it('holds the sender back while nobody reads, and loses nothing', async function () {
    this.timeout(30_000)
    const slow = new SerialTransport({ name: 'kit', url: kit.url, clock, logger: silentLogger, capacity: 10 })
    const frames = new FrameReader(slow)
    await slow.start()
    const socket = await kit.nextConnection()
    const lines = 60_000
    const padding = 'x'.repeat(100)
    for (let i = 0; i < lines; i++) socket.write(`!${i},${padding}\n`)
    expect(socket.writableLength).to.be.greaterThan(0)
    for (let i = 0; i < lines; i++) {
      const frame = await frames.find('kit-line')
      if (!frame.line.startsWith(`!${i},`)) expect.fail(`line ${i} is missing`)
    }
    await slow.stop()
  })

  it('opens the connection again when it is lost, and puts both events between the data', async () => {
    await transport.start()
    await kit.write('!before\n')
    await reader.find('kit-line')
    kit.hangUp()
    expect(await reader.expect('transport-event')).to.include({ event: 'disconnected', count: 1 })
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.match(/^waiting 0\.5 s before opening 127\.0\.0\.1:\d+ again: /)
    await clock.advance(500)
    await kit.write('!after\n')
    expect(await reader.expect('transport-event')).to.include({ event: 'connected' })
    expect((await reader.expect('kit-line')).line).to.equal('!after')
  })

  it('takes a bridge that sends nothing for a minute as gone', async () => {
    await transport.start()
    await kit.write('!once\n')
    await reader.find('kit-line')
    await clock.advance(59_999)
    expect(transport.status().state).to.equal('connected')
    await clock.advance(1)
    const event = await reader.expect('transport-event')
    expect(event.event).to.equal('disconnected')
    expect(event.detail).to.match(/sent nothing for 60 s/)
  })

  it('waits for a bridge that does not listen yet', async () => {
    await kit.close()
    await transport.probe()
    await transport.start()
    await until(() => transport.status().state === 'waiting')
    expect(transport.status().sentence).to.match(/is the serial bridge running/)
  })
})

describe('SerialTransport on a port', () => {
  const paths = { next: 0 }
  let kit: MockKit
  let clock: TestClock
  let transport: SerialTransport
  let logged: string[]
  beforeEach(() => {
    kit = new MockKit(`/dev/serial${paths.next++}`)
    clock = new TestClock()
    logged = []
    const note =
      (level: string) =>
      (...args: unknown[]) =>
        logged.push(`${level}: ${args.at(-1)}`)
    const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
    transport = new SerialTransport({
      name: 'kit',
      url: kit.url,
      clock,
      logger: { ...logger, child: () => logger } as unknown as Logger,
      binding: kit.binding,
    })
  })
  afterEach(() => transport.stop())

  for (const { said, code, advice } of [
    {
      said: 'Error: Permission denied, cannot open /dev/ttyACM0',
      code: 'serial.permission',
      advice: /add the user to the group dialout/,
    },
    {
      said: 'Error: No such file or directory, cannot open /dev/ttyACM0',
      code: 'serial.not-found',
      advice: /is the kit plugged in/,
    },
    {
      said: 'Error: Device or resource busy, cannot open /dev/ttyACM0',
      code: 'serial.busy',
      advice: /is another program/,
    },
    {
      said: 'Error Resource temporarily unavailable Cannot lock port',
      code: 'serial.busy',
      advice: /is another program/,
    },
    {
      said: 'Error: Inappropriate ioctl for device, cannot open /dev/null',
      code: 'serial.unusable',
      advice: /Inappropriate/,
    },
  ])
    it(`says ${code} for "${said}" in its status, and to a probe where waiting does not help`, async () => {
      kit.failure = new Error(said)
      if (code === 'serial.not-found') await transport.probe()
      else {
        const error = await failure(transport.probe())
        expect(error.code).to.equal(code)
        expect(error.message).to.match(advice).and.not.include('\n')
      }
      await transport.start()
      await until(() => transport.status().state === 'waiting')
      expect(transport.status().sentence)
        .to.match(/^waiting 0\.5 s before opening/)
        .and.match(advice)
    })

  it('tries again after 0.5 s, 1 s, 2 s … 30 s, and is loud only the first time', async () => {
    kit.failure = new Error('Error: No such file or directory, cannot open it')
    await transport.start()
    const delays: number[] = []
    for (let i = 0; i < 9; i++) {
      await until(() => kit.opened === i + 1 && transport.status().state === 'waiting')
      delays.push(Number(/^waiting ([\d.]+) s/.exec(transport.status().sentence)?.[1]))
      await clock.advance((delays.at(-1) as number) * 1000)
    }
    expect(delays).to.deep.equal([0.5, 1, 2, 4, 8, 16, 30, 30, 30])
    await until(() => kit.opened === 10 && transport.status().state === 'waiting')
    expect(logged.map((line) => line.split(':')[0])).to.deep.equal(['warn', ...Array(9).fill('debug')])
  })

  it('starts with the shortest delay again when the kit was there', async () => {
    const reader = new FrameReader(transport)
    kit.failure = new Error('No such file or directory')
    await transport.start()
    await until(() => transport.status().sentence.startsWith('waiting 0.5 s'))
    await clock.advance(500)
    await until(() => transport.status().sentence.startsWith('waiting 1 s'))
    kit.failure = null
    await clock.advance(1000)
    await kit.write('!a\n')
    await reader.find('kit-line')
    kit.failure = new Error('No such file or directory')
    const port = await kit.port()
    // What a pulled cable looks like: the pending read fails.
    port.read = () => Promise.reject(new Error('Reading from COM port: Input/output error'))
    await kit.write('!b\n')
    const event = await reader.expect('transport-event')
    expect(event).to.include({ event: 'disconnected' })
    await until(() => transport.status().sentence.startsWith('waiting 0.5 s'))
  })

  it('can be probed before it is started', async () => {
    await transport.probe()
    const reader = new FrameReader(transport)
    await transport.start()
    await kit.write('!a\n')
    expect((await reader.find('kit-line')).line).to.equal('!a')
    await transport.probe()
    expect(kit.opened).to.equal(2)
  })

  describe('sending commands', () => {
    let written: string[]
    let answer: (text: string) => void
    beforeEach(async () => {
      written = []
      await transport.start()
      const port = await kit.port()
      await until(() => transport.status().state === 'connected')
      const write = port.write.bind(port)
      port.write = (data: Buffer) => {
        written.push(data.toString('latin1'))
        return write(data)
      }
      answer = (text) => {
        port.emitData(Buffer.from(text, 'latin1'))
      }
    })
    const cseqOf = (command: string | undefined) => command?.split(',')[1] ?? ''

    it('writes the grammar of the protocol and resolves on its answer, which is a frame too', async () => {
      const reader = new FrameReader(transport)
      const sent = transport.send({ command: 'mode', mode: 'emg' })
      await until(() => written.length === 1)
      expect(written[0]).to.match(/^\?M,[0-9A-F]{4},emg\*[0-9A-F]{4}\n$/)
      answer(kitLine(`K,0005,00001000,${cseqOf(written[0])},ok,emg`))
      await sent
      expect((await reader.find('kit-line')).line).to.match(/^!K,0005,/)
      await clock.advance(60_000)
      expect(written).to.have.length(1)
    })

    it('has one command under way at a time', async () => {
      const first = transport.send({ command: 'readCuff' })
      const second = transport.send({ command: 'readGlucometer' })
      await until(() => written.length === 1)
      expect(written[0]).to.match(/^\?P,/)
      answer(kitLine(`K,0005,00001000,${cseqOf(written[0])},ok,`))
      await first
      await until(() => written.length === 2)
      expect(written[1]).to.match(/^\?U,/)
      expect(cseqOf(written[1])).to.not.equal(cseqOf(written[0]))
      answer(kitLine(`K,0006,00001001,${cseqOf(written[1])},ok,`))
      await second
    })

    it('repeats an unanswered command after 5 s, twice, and then gives up', async () => {
      const sent = failure(transport.send({ command: 'identify' }))
      await clock.advance(4999)
      await until(() => written.length === 1)
      await clock.advance(1)
      await until(() => written.length === 2)
      await clock.advance(9999)
      await until(() => written.length === 3)
      expect(new Set(written).size).to.equal(1)
      await clock.advance(1)
      const error = await sent
      expect(error).to.include({ code: 'serial.no-answer', retry: 'transient' })
      expect(written).to.have.length(3)
    })

    it('takes no answer that is damaged or to another command', async () => {
      const sent = failure(transport.send({ command: 'identify' }))
      await until(() => written.length === 1)
      const cseq = cseqOf(written[0])
      answer(kitLine(`K,0005,00001000,${cseq},ok,homebeat-1`).replace('ok', 'oK'))
      answer(kitLine(`K,0006,00001000,${cseq === '0000' ? '0001' : '0000'},ok,homebeat-1`))
      const reader = new FrameReader(transport)
      await reader.find('kit-line')
      await reader.find('kit-line')
      await clock.advance(15_000)
      expect((await sent).code).to.equal('serial.no-answer')
    })

    for (const [detail, retry] of [
      ['busy', 'transient'],
      ['crc', 'transient'],
      ['unknown', 'permanent'],
      ['bad-argument', 'permanent'],
    ] as const)
      it(`rejects a command that the kit refuses as ${detail}: ${retry}`, async () => {
        const sent = failure(transport.send({ command: 'identify' }))
        await until(() => written.length === 1)
        answer(kitLine(`K,0005,00001000,${cseqOf(written[0])},err,${detail}`))
        expect(await sent).to.include({ code: 'serial.refused-command', retry })
      })

    it('gives up its commands when it is stopped', async () => {
      const all = [failure(transport.send({ command: 'identify' })), failure(transport.send({ command: 'readCuff' }))]
      await transport.stop()
      for (const error of await Promise.all(all)) expect(error.code).to.equal('transport.stopped')
    })
  })
})

describe('SerialTransport with the native binding', () => {
  it('tells a device that is not there from a file that is no serial port', async () => {
    const transport = (path: string) =>
      new SerialTransport({ name: 'kit', url: `serial://${path}`, logger: silentLogger })
    await transport('/dev/no-such-tty').probe()
    expect((await failure(transport('/dev/null').probe())).code).to.equal('serial.unusable')
  })

  it('reads a pseudo-terminal and writes to it', async function () {
    this.timeout(30_000)
    const folder = await mkdtemp(join(tmpdir(), 'homebeat-pty-'))
    const path = join(folder, 'kit')
    const socat = spawn('socat', ['-d', '-d', `pty,raw,echo=0,link=${path}`, 'stdio'])
    let missing = false
    let said = ''
    socat.stderr.on('data', (data) => {
      said += data
    })
    socat.on('error', () => {
      missing = true
    })
    const exit = new Promise<void>((resolve) => socat.once('close', () => resolve()))
    const clock = new TestClock()
    const transport = new SerialTransport({ name: 'kit', url: `serial://${path}`, clock, logger: silentLogger })
    try {
      await until(() => missing || said.includes('starting data transfer loop'))
      if (missing) {
        if (this.test) this.test.title += ' (skipped: socat is not installed)'
        this.skip()
      }
      const reader = new FrameReader(transport)
      await transport.start()
      expect(await reader.expect('transport-event')).to.include({ event: 'connected' })
      socat.stdin.write(kitLine('T,0001,00000010,o,382'))
      expect((await reader.expect('kit-line')).line).to.match(/^!T,0001,00000010,o,382\*/)
      const sent = transport.send({ command: 'identify' })
      const [command] = (await once(socat.stdout, 'data')) as [Buffer]
      const cseq = command.toString().split(',')[1]
      socat.stdin.write(kitLine(`K,0002,00000020,${cseq},ok,homebeat-1`))
      await sent
      await reader.expect('kit-line')
      socat.kill('SIGTERM')
      await exit
      expect(await reader.expect('transport-event')).to.include({ event: 'disconnected' })
    } finally {
      await transport.stop()
      socat.kill('SIGKILL')
      await exit
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('finds a kit whose cable was pulled in the middle of a line under its new name', async function () {
    this.timeout(30_000)
    const folder = await mkdtemp(join(tmpdir(), 'homebeat-pty-'))
    const [acm0, acm1] = [join(folder, 'ttyACM0'), join(folder, 'ttyACM1')]
    const usb = { vendorId: '2341', productId: '0043' }
    let plugged: unknown[] = []
    const native = await nativeBinding()
    const binding = { list: async () => plugged, open: native.open.bind(native) }
    const clock = new TestClock()
    const url = 'serial+usb://2341:0043'
    const transport = new SerialTransport({ name: 'kit', url, clock, logger: silentLogger, binding })
    const cables: Awaited<ReturnType<typeof cable>>[] = []
    try {
      const first = await cable(acm0)
      if (!first) {
        if (this.test) this.test.title += ' (skipped: socat is not installed)'
        this.skip()
      }
      cables.push(first)
      plugged = [{ path: acm0, ...usb }]
      const reader = new FrameReader(transport)
      await transport.start()
      expect(await reader.expect('transport-event')).to.include({ event: 'connected', detail: `connected to ${acm0}` })
      first.say(`${kitLine('T,0001,00000010,o,382')}!T,0002,0000`)
      expect((await reader.expect('kit-line')).line).to.match(/^!T,0001/)
      plugged = []
      await first.pull()
      expect(await reader.expect('transport-event')).to.include({ event: 'disconnected' })
      await until(() => transport.status().state === 'waiting')
      const second = await cable(acm1)
      if (!second) return expect.fail('socat has gone')
      cables.push(second)
      plugged = [{ path: acm1, ...usb }]
      await clock.advance(500)
      expect(await reader.expect('transport-event')).to.include({ event: 'connected', detail: `connected to ${acm1}` })
      // An Uno starts anew when its port is opened: what its bootloader says, and then its banner.
      second.say(`\xf0\x00noise\n${kitLine('B,0000,00000000,1,1.0.0,E')}`)
      expect((await reader.find('kit-line')).line).to.match(/^!B,0000/)
    } finally {
      await transport.stop()
      for (const one of cables) await one?.pull()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** A pseudo-terminal with somebody at its other end; null where there is no socat. */
async function cable(path: string) {
  const socat = spawn('socat', ['-d', '-d', `pty,raw,echo=0,link=${path}`, 'stdio'])
  let missing = false
  let said = ''
  socat.stderr.on('data', (data) => {
    said += data
  })
  socat.on('error', () => {
    missing = true
  })
  const gone = new Promise<void>((resolve) => socat.once('close', () => resolve()))
  await until(() => missing || said.includes('starting data transfer loop'))
  if (missing) return null
  return {
    say: (text: string) => void socat.stdin.write(Buffer.from(text, 'latin1')),
    async pull() {
      socat.kill('SIGKILL')
      await gone
    },
  }
}
