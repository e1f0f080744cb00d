import { closeSync, existsSync, lstatSync, openSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { ReadStream } from 'node:tty'
import { SerialPortStream } from '@serialport/stream'
import { expect } from 'chai'
import { BoardBinding } from '#simulators/board/binding.js'
import { PtyPort } from '#simulators/board/pty.js'
import { TcpPort } from '#simulators/board/tcp-port.js'
import { FakePatient } from './fake-patient.js'
import { crc16, KitHost, linesIn } from './kit-host.js'

/** A program that has opened the port. */
interface OpenPort {
  readonly heard: () => string
  write(text: string): void
  close(): Promise<void>
}
interface PortKind {
  readonly open: () => Promise<OpenPort>
  readonly stop: () => Promise<void>
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Runs the board until something holds. The bound is in virtual time; real pipes get their turns in between. */
async function runUntil(kit: KitHost, holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 20_000 && !holds(); turns++) {
    if (turns % 10 === 0) kit.board.run(10)
    await turn()
  }
  expect(holds(), 'it came to pass').to.equal(true)
}

function collector() {
  let heard = ''
  const hear = (bytes: Uint8Array) => {
    heard += Buffer.from(bytes).toString('latin1')
  }
  return { heard: () => heard, hear }
}

const KINDS: Readonly<Record<string, (kit: KitHost) => Promise<PortKind>>> = {
  'raw TCP': async (kit) => {
    const port = new TcpPort(kit.board)
    await port.start()
    expect(port.url).to.match(/^serial\+tcp:\/\/127\.0\.0\.1:\d+$/)
    return {
      stop: () => port.stop(),
      open: async () => {
        const socket = connect(port.port, '127.0.0.1')
        const { heard, hear } = collector()
        socket.on('data', hear)
        await new Promise((resolve) => socket.once('connect', resolve))
        const close = async () => {
          const closed = new Promise((resolve) => socket.once('close', resolve))
          socket.destroy()
          await closed
        }
        return { heard, write: (text) => socket.write(text, 'latin1'), close }
      },
    }
  },
  'the serialport binding': async (kit) => {
    const binding = new BoardBinding()
    binding.plug('/dev/kit', kit.board)
    return {
      stop: async () => binding.unplug('/dev/kit'),
      open: async () => {
        const stream = new SerialPortStream({ binding, path: '/dev/kit', baudRate: 115200 })
        const { heard, hear } = collector()
        stream.on('data', hear)
        await new Promise((resolve) => stream.once('open', resolve))
        const close = () => new Promise<void>((resolve) => stream.close(() => resolve()))
        return { heard, write: (text) => stream.write(text, 'latin1'), close }
      },
    }
  },
  'a pseudo-terminal': async (kit) => {
    const port = new PtyPort(kit.board)
    await port.start()
    // When it is closed, another terminal takes its place behind the same link: wait for that one.
    let used: bigint | undefined
    const link = () => lstatSync(port.path, { bigint: true, throwIfNoEntry: false })?.ctimeNs
    return {
      stop: () => port.stop(),
      open: async () => {
        const until = Date.now() + 30_000
        while ((link() === undefined || link() === used) && Date.now() < until) await turn()
        used = link()
        const fd = openSync(port.path, 'r+')
        const stream = new ReadStream(fd)
        const { heard, hear } = collector()
        stream.on('data', hear)
        stream.on('error', () => {})
        const close = async () => {
          const closed = new Promise((resolve) => stream.once('close', resolve))
          stream.destroy()
          await closed
          closeSync(fd) // libuv has opened the terminal a second time and closed only that
        }
        return { heard, write: (text) => writeSync(fd, text, null, 'latin1'), close }
      },
    }
  },
}

for (const [name, start] of Object.entries(KINDS)) {
  describe(`virtual kit behind ${name}`, function () {
    this.timeout(120_000)
    let kit: KitHost
    let kind: PortKind
    before(function () {
      const has = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'socat')))
      if (has || name !== 'a pseudo-terminal') return
      const suite = this.test?.parent as Mocha.Suite
      suite.title += ' (skipped: socat is not on this machine)'
      this.skip()
    })
    beforeEach(async () => {
      kit = new KitHost(new FakePatient())
      kit.run(700)
      kind = await start(kit)
    })
    afterEach(() => kind.stop())

    it('boots when it is opened, sends its lines whole and answers a command', async () => {
      const port = await kind.open()
      await runUntil(kit, () => linesIn(port.heard()).length >= 20)
      const lines = linesIn(port.heard())
      expect(lines[0]?.text).to.match(/^!B,0000,00000000,1,[\d.]+,E\*/)
      expect(lines.map((line) => line.seq)).to.deep.equal(lines.map((_, i) => i))
      port.write(`?I,0042,*${crc16('I,0042,')}\n`)
      await runUntil(kit, () => port.heard().includes(',0042,ok,homebeat-'))
      await port.close()
    })

    it('boots again when it is closed and opened again', async () => {
      for (let i = 0; i < 2; i++) {
        const port = await kind.open()
        await runUntil(kit, () => linesIn(port.heard()).some((line) => line.type === 'B'))
        await runUntil(kit, () => linesIn(port.heard()).some((line) => line.type === 'E'))
        await port.close()
        for (let turns = 0; turns < 50; turns++) await turn()
      }
    })

    it('stops twice without complaint', async () => {
      await kind.stop()
      await kind.stop()
    })
  })
}

describe('virtual kit ports', function () {
  this.timeout(60_000)

  it('have one owner: the second TCP client is hung up on and does not reset the board', async () => {
    const kit = new KitHost(new FakePatient())
    const port = new TcpPort(kit.board)
    await port.start()
    const first = connect(port.port, '127.0.0.1')
    const { heard, hear } = collector()
    first.on('data', hear)
    await runUntil(kit, () => heard().includes('!B'))
    const second = connect(port.port, '127.0.0.1')
    second.on('error', () => {})
    await new Promise((resolve) => second.once('close', resolve))
    await runUntil(kit, () => linesIn(heard()).length > 15)
    expect(linesIn(heard()).filter((line) => line.type === 'B')).to.have.length(1)
    const rival = new TcpPort(kit.board, { port: port.port })
    const refused = await rival.start().catch((error: { code: string }) => error)
    expect(refused).to.have.property('code', 'board.port-in-use')
    first.destroy()
    await port.stop()
  })

  it('of the binding: a wrong path and a second open are refused, a DTR pulse resets, a wrong rate gives noise', async () => {
    const kit = new KitHost(new FakePatient())
    const binding = new BoardBinding()
    binding.plug('/dev/kit', kit.board)
    expect((await binding.list()).map((port) => port.path)).to.deep.equal(['/dev/kit'])
    const failed = (promise: Promise<unknown>) =>
      promise.then(
        () => '',
        (error: Error) => error.message,
      )
    expect(await failed(binding.open({ path: '/dev/none', baudRate: 115200 }))).to.contain('No such file')
    const port = await binding.open({ path: '/dev/kit', baudRate: 115200 })
    expect(await failed(binding.open({ path: '/dev/kit', baudRate: 115200 }))).to.contain('lock')
    kit.run(1000)
    await port.set({ dtr: false })
    await port.set({ dtr: true })
    expect(kit.run(500)[0]?.type).to.equal('B')
    await port.update({ baudRate: 9600 })
    kit.heard = ''
    expect(kit.run(1000)).to.deep.equal([])
    expect(kit.heard).to.not.equal('')
    const reading = failed(port.flush().then(() => port.read(Buffer.alloc(8), 0, 8)))
    await turn()
    await port.close()
    expect(await reading).to.equal('Port is not open')
    expect(await failed(port.close())).to.equal('Port is not open')
  })
})
