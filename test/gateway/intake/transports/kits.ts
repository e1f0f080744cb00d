/** Far ends of the serial transport: a kit behind TCP, and one on the mock binding. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SerialPortMock } from 'serialport'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import { crc16Hex } from '#gateway/intake/transports/serial/crc16.js'

/** Listens where a serial bridge would. */
export class TcpKit {
  readonly #server: Server
  readonly #sockets: Socket[] = []
  readonly #fresh: Socket[] = []
  #current: Socket | null = null
  #arrivals: ((socket: Socket) => void)[] = []
  received = ''
  onReceived: (text: string) => void = () => {}

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      socket.on('error', () => {})
      socket.on('data', (data) => {
        this.received += data.toString('latin1')
        this.onReceived(data.toString('latin1'))
      })
      this.#sockets.push(socket)
      const waiting = this.#arrivals.shift()
      if (waiting) waiting(socket)
      else this.#fresh.push(socket)
    })
  }

  static async listen(port = 0): Promise<TcpKit> {
    const server = createServer()
    const kit = new TcpKit(server)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return kit
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get url(): string {
    return `serial+tcp://127.0.0.1:${this.port}`
  }
  /** The next connection in the order of their opening. */
  async nextConnection(): Promise<Socket> {
    const socket = this.#fresh.shift() ?? (await new Promise<Socket>((resolve) => this.#arrivals.push(resolve)))
    this.#current = socket
    return socket
  }
  async write(data: string | Buffer): Promise<void> {
    const socket = this.#current ?? (await this.nextConnection())
    socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }
  hangUp(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy()
    this.#current = null
  }
  async close(): Promise<void> {
    this.hangUp()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

type MockPort = Awaited<ReturnType<typeof SerialPortMock.binding.open>>

/** node-serialport's mock binding, with a hand on the port it opened. */
export class MockKit {
  readonly path: string
  readonly binding: SerialBinding
  /** What opening gives next, instead of a port. */
  failure: Error | null = null
  opened = 0
  #port: MockPort | null = null
  #arrivals: ((port: MockPort) => void)[] = []

  constructor(path: string) {
    this.path = path
    SerialPortMock.binding.createPort(path, { echo: false, record: true })
    this.binding = {
      list: () => SerialPortMock.binding.list(),
      open: async (options) => {
        this.opened++
        if (this.failure) throw this.failure
        const port = await SerialPortMock.binding.open(options)
        this.#port = port
        for (const resolve of this.#arrivals.splice(0)) resolve(port)
        return port
      },
    }
  }
  get url(): string {
    return `serial://${this.path}?baud=115200`
  }
  async port(): Promise<MockPort> {
    return this.#port?.isOpen ? this.#port : new Promise((resolve) => this.#arrivals.push(resolve))
  }
  async write(text: string): Promise<void> {
    const port = await this.port()
    port.emitData(Buffer.from(text, 'latin1'))
  }
}

/** Lets the event loop turn until this holds; the test's own timeout is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

/** A line of the kit with its right CRC. */
export function kitLine(covered: string): string {
  return `!${covered}*${crc16Hex(covered)}\n`
}
