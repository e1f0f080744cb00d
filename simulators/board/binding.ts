import type { VirtualBoard } from './board.js'
import { HostLink } from './host-link.js'

/** The options of @serialport/bindings-interface, whose own types an ES module cannot import. */
export interface OpenOptions {
  path: string
  baudRate: number
  dataBits?: 5 | 6 | 7 | 8
  lock?: boolean
  stopBits?: 1 | 1.5 | 2
  parity?: string
  rtscts?: boolean
  xon?: boolean
  xoff?: boolean
  xany?: boolean
  hupcl?: boolean
}

/**
 * A @serialport binding whose ports are virtual boards, in process: `new SerialPortStream({ binding, path, baudRate })`.
 * Opening resets the board (DTR), and so does `set({ dtr: true })` after `set({ dtr: false })`. A wrong baud rate gives
 * noise. A path is open once at a time.
 */
export class BoardBinding {
  readonly #boards = new Map<string, VirtualBoard>()
  readonly #open = new Set<string>()

  /** Plugs a board in under a path. */
  plug(path: string, board: VirtualBoard): void {
    this.#boards.set(path, board)
  }
  unplug(path: string): void {
    this.#boards.delete(path)
  }

  async list() {
    return [...this.#boards.keys()].map((path) => ({
      path,
      manufacturer: 'Homebeat virtual kit',
      serialNumber: undefined,
      pnpId: undefined,
      locationId: undefined,
      productId: '0043',
      vendorId: '2341',
    }))
  }

  async open(options: OpenOptions): Promise<BoardBindingPort> {
    const board = this.#boards.get(options.path)
    if (!board) throw new Error(`Error: No such file or directory, cannot open ${options.path}`)
    if (this.#open.has(options.path)) throw new Error(`Error Resource temporarily unavailable Cannot lock port`)
    this.#open.add(options.path)
    return new BoardBindingPort(board, options, () => this.#open.delete(options.path))
  }
}

/** What serialport expects of a read or write that a close interrupts. */
class Canceled extends Error {
  readonly canceled = true
}

export class BoardBindingPort {
  readonly openOptions: Required<OpenOptions>
  isOpen = true
  readonly #board: VirtualBoard
  readonly #link: HostLink
  readonly #released: () => void
  #dtr = true
  #reading: { ready(): void; cancel(): void } | undefined

  constructor(board: VirtualBoard, options: OpenOptions, released: () => void) {
    const defaults = { dataBits: 8, lock: true, stopBits: 1, parity: 'none', rtscts: false } as const
    const flow = { xon: false, xoff: false, xany: false, hupcl: true } as const
    this.openOptions = { ...defaults, ...flow, ...options }
    this.#board = board
    this.#released = released
    this.#link = new HostLink(board)
    this.#link.onBytes = () => this.#reading?.ready()
    this.#link.open(options.baudRate)
  }

  async close(): Promise<void> {
    this.#mustBeOpen()
    this.isOpen = false
    this.#link.close()
    this.#released()
    this.#reading?.cancel()
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    this.#mustBeOpen()
    for (;;) {
      const bytes = this.#link.read(length)
      if (bytes.length > 0) {
        buffer.set(bytes, offset)
        return { buffer, bytesRead: bytes.length }
      }
      await new Promise<void>((resolve, reject) => {
        this.#reading = { ready: resolve, cancel: () => reject(new Canceled('Port is not open')) }
      })
      this.#reading = undefined
    }
  }

  async write(buffer: Buffer): Promise<void> {
    this.#mustBeOpen()
    this.#link.write(Uint8Array.from(buffer))
  }

  async update(options: { baudRate: number }): Promise<void> {
    this.#mustBeOpen()
    this.#board.hostBaud = options.baudRate
  }

  async set(options: { dtr?: boolean }): Promise<void> {
    this.#mustBeOpen()
    const dtr = options.dtr ?? true
    if (dtr && !this.#dtr) this.#board.reset()
    this.#dtr = dtr
  }

  async get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    this.#mustBeOpen()
    return { cts: false, dsr: false, dcd: false }
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    this.#mustBeOpen()
    return { baudRate: this.#board.hostBaud }
  }

  async flush(): Promise<void> {
    this.#mustBeOpen()
    this.#link.flush()
  }

  async drain(): Promise<void> {
    this.#mustBeOpen()
  }

  #mustBeOpen(): void {
    if (!this.isOpen) throw new Error('Port is not open')
  }
}
