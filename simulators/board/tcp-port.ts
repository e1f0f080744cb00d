import type { VirtualBoard } from './board.js'
import { SocketPort } from './socket-port.js'

/**
 * The kit as ser2net or an ESP bridge offers it: raw serial over TCP, `serial+tcp://host:port` to the gateway.
 * Loopback by default; port 0 takes a free one.
 */
export class TcpPort extends SocketPort {
  readonly #host: string

  constructor(board: VirtualBoard, address: { host?: string; port?: number } = {}) {
    const host = address.host ?? '127.0.0.1'
    super(board, { host, port: address.port ?? 0 })
    this.#host = host
  }

  /** The transport URL, once started. */
  get url(): string {
    return `serial+tcp://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.port}`
  }
}
