import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { VirtualBoard } from './board.js'
import { HostLink } from './host-link.js'

/** Where to listen: a TCP address or the path of a Unix socket. */
export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/**
 * The kit's UART as raw bytes over a stream socket. One client at a time, as a serial port has one owner: another is
 * hung up on. Connecting opens the serial port behind it, which pulls DTR and resets the board. What the kit sends while nobody is connected is lost.
 */
export class SocketPort implements Lifecycle {
  readonly #board: VirtualBoard
  readonly #address: SocketAddress
  #server: Server | undefined
  #client: Socket | undefined

  constructor(board: VirtualBoard, address: SocketAddress) {
    this.#board = board
    this.#address = address
  }

  /** @throws HomebeatError `board.port-in-use`, `board.listen`. */
  async start(): Promise<void> {
    if (this.#server) return
    const server = createServer((socket) => this.#connected(socket))
    this.#server = server
    try {
      await once(server.listen(this.#address), 'listening')
    } catch (cause) {
      this.#server = undefined
      throw this.#cannotListen(cause as NodeJS.ErrnoException)
    }
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#client?.destroy()
    this.#client = undefined
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  /** The port it listens on, once started on TCP. */
  get port(): number {
    const address = this.#server?.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  #connected(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#client) {
      socket.destroy()
      return
    }
    this.#client = socket
    socket.setNoDelay(true)
    const link = new HostLink(this.#board)
    // A client that does not read makes the link forget the oldest bytes; nothing is held back on a serial line.
    const pump = () => {
      while (!socket.writableNeedDrain) {
        const bytes = link.read()
        if (bytes.length === 0) return
        socket.write(bytes)
      }
    }
    link.onBytes = pump
    socket.on('drain', pump)
    socket.on('data', (bytes) => link.write(bytes))
    socket.on('close', () => {
      link.close()
      if (this.#client === socket) this.#client = undefined
    })
    link.open()
  }

  #cannotListen(cause: NodeJS.ErrnoException): HomebeatError {
    const where = 'path' in this.#address ? this.#address.path : `${this.#address.host}:${this.#address.port}`
    return cause.code === 'EADDRINUSE'
      ? new HomebeatError('board.port-in-use', `${where} is in use: choose another address with --tcp.`, { cause })
      : new HomebeatError('board.listen', `The kit cannot listen on ${where}: ${cause.message}.`, { cause })
  }
}
