import type { VirtualBoard } from './board.js'

/** Most bytes kept for a host that does not read; then the oldest are lost, as in a real port's driver. */
const MOST_WAITING = 64 * 1024

/** One opened port of a board: opening it resets the board through DTR, as on a real Uno. Used by every kind of port. */
export class HostLink {
  readonly #board: VirtualBoard
  #waiting: Uint8Array[] = []
  #size = 0
  #unsubscribe: (() => void) | undefined
  /** Called when bytes have come. */
  onBytes: (() => void) | undefined

  constructor(board: VirtualBoard) {
    this.#board = board
  }

  open(baud = 115200): void {
    if (this.#unsubscribe) return
    this.#board.hostBaud = baud
    this.#board.reset()
    this.#unsubscribe = this.#board.onSerial((bytes) => this.#keep(bytes))
  }

  close(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.flush()
  }

  write(bytes: Uint8Array): void {
    if (this.#unsubscribe) this.#board.write(bytes)
  }

  /** Takes at most `length` bytes. */
  read(length = MOST_WAITING): Uint8Array {
    const all = Buffer.concat(this.#waiting)
    const taken = all.subarray(0, length)
    const rest = all.subarray(length)
    this.#waiting = rest.length > 0 ? [rest] : []
    this.#size = rest.length
    return taken
  }

  flush(): void {
    this.#waiting = []
    this.#size = 0
  }

  #keep(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#size += bytes.length
    while (this.#size > MOST_WAITING) this.#size -= this.#waiting.shift()?.length ?? 0
    this.onBytes?.()
  }
}
