import { ConnectionLoop } from '#gateway/intake/transports/connection-loop.js'
import type { SerialAddress } from '#gateway/intake/transports/serial/address.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import { openLink } from '#gateway/intake/transports/serial/link.js'
import { explainPortError } from '#gateway/intake/transports/serial/port-errors.js'
import { probePort } from '#gateway/intake/transports/serial/probe-port.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { TransportStatus } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { FirmataAddress } from './address.js'
import { type Board, openBoard } from './board.js'

export interface BoardConnectionOptions {
  readonly address: Pick<FirmataAddress, 'path' | 'usb' | 'baud'>
  readonly clock: Clock
  readonly binding?: SerialBinding | undefined
  /** A board has introduced itself. What it throws ends this connection. */
  readonly up: (board: Board) => void
  /** It is gone, or could not be reached: called once for each attempt. */
  readonly down: (failure: HomebeatError | null, wasUp: boolean) => void
  readonly refused: () => void
  /** Without it failures are told by `down` alone. */
  readonly logger?: Logger
}

/** Keeps one Firmata board connected: opens its port again for ever, with growing delays. */
export class BoardConnection implements Lifecycle {
  readonly #options: BoardConnectionOptions
  readonly #loop: ConnectionLoop
  #board: Board | null = null

  constructor(options: BoardConnectionOptions) {
    this.#options = options
    const { address, clock, logger } = options
    const closed = { code: 'serial.closed', why: 'the connection was closed' } as const
    this.#loop = new ConnectionLoop({ attempt: `opening ${address.path}`, closed, clock, logger })
  }

  status(): Pick<TransportStatus, 'state' | 'sentence'> {
    return this.#loop.status()
  }

  /** The board, while it is connected and has introduced itself. */
  board(): Board | null {
    return this.#board
  }

  /** For when the board does what it should: the next failure is tried again soon. */
  well(): void {
    this.#loop.well()
  }

  /** Opens the port once and closes it again. @throws HomebeatError `serial.permission`, `serial.busy`, `serial.unusable` */
  async probe(): Promise<void> {
    const { clock, binding } = this.#options
    if (!this.#loop.isRunning) await probePort(this.#port(), { clock, binding })
  }

  /** Resolves at once: a cable that is not plugged in yet is not an error here. */
  async start(): Promise<void> {
    this.#loop.start((signal) => this.#session(signal))
  }

  async stop(): Promise<void> {
    await this.#loop.stop(() => this.#board?.close())
  }

  async #session(signal: AbortSignal): Promise<HomebeatError | null> {
    const { address, down } = this.#options
    let wasUp = false
    const failure = await this.#open(signal).then(
      (board) => {
        wasUp = true
        return this.#serve(board, signal)
      },
      (error: unknown) => explainPortError(error, address.path),
    )
    down(signal.aborted ? null : failure, wasUp)
    return failure
  }

  #port(): SerialAddress {
    const { path, usb, baud } = this.#options.address
    return usb ? { kind: 'usb', usb, baud } : { kind: 'device', path, baud }
  }

  async #open(signal: AbortSignal): Promise<Board> {
    const { address, clock, binding, refused } = this.#options
    const { path: where } = address
    const link = await openLink(this.#port(), { clock, binding }, signal)
    this.#loop.say('connecting', `waiting for the board on ${where} to introduce itself`)
    return openBoard({ link, where, clock, signal, refused })
  }

  async #serve(board: Board, signal: AbortSignal): Promise<HomebeatError | null> {
    this.#board = board
    if (signal.aborted) await board.close()
    else {
      this.#loop.loud()
      this.#loop.say('connected', `connected to ${this.#options.address.path} (${board.description})`)
      try {
        this.#options.up(board)
      } catch (error) {
        board.fail(explainPortError(error, this.#options.address.path))
      }
    }
    const failure = await board.closed
    this.#board = null
    return failure
  }
}
