import { Backoff } from '#gateway/intake/transports/backoff.js'
import type { SerialAddress } from '#gateway/intake/transports/serial/address.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import { openLink } from '#gateway/intake/transports/serial/link.js'
import { explainPortError } from '#gateway/intake/transports/serial/port-errors.js'
import { probePort } from '#gateway/intake/transports/serial/probe-port.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { TransportStatus } from '#gateway/model/transport.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
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
}

/** Keeps one Firmata board connected: opens its port again for ever, with growing delays. */
export class BoardConnection implements Lifecycle {
  readonly #options: BoardConnectionOptions
  readonly #backoff = new Backoff()
  #running: { readonly abort: AbortController; readonly done: Promise<void> } | null = null
  #board: Board | null = null
  #state: TransportStatus['state'] = 'stopped'
  #sentence = 'not started'

  constructor(options: BoardConnectionOptions) {
    this.#options = options
  }

  status(): Pick<TransportStatus, 'state' | 'sentence'> {
    return { state: this.#state, sentence: this.#sentence }
  }

  /** The board, while it is connected and has introduced itself. */
  board(): Board | null {
    return this.#board
  }

  /** For when the board does what it should: the next failure is tried again soon. */
  well(): void {
    this.#backoff.reset()
  }

  /** Opens the port once and closes it again. @throws HomebeatError `serial.permission`, `serial.busy`, `serial.unusable` */
  async probe(): Promise<void> {
    const { clock, binding } = this.#options
    if (!this.#running) await probePort(this.#port(), { clock, binding })
  }

  /** Resolves at once: a cable that is not plugged in yet is not an error here. */
  async start(): Promise<void> {
    if (this.#running) return
    const abort = new AbortController()
    this.#running = { abort, done: this.#run(abort.signal) }
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (!running) return
    running.abort.abort()
    await this.#board?.close()
    await running.done
    if (this.#running !== running) return
    this.#running = null
    this.#say('stopped', 'stopped')
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { address, clock, down } = this.#options
    this.#backoff.reset()
    while (!signal.aborted) {
      this.#say('connecting', `opening ${address.path}`)
      let wasUp = false
      const failure = await this.#open(signal).then(
        (board) => {
          wasUp = true
          return this.#serve(board, signal)
        },
        (error: unknown) => explainPortError(error, address.path),
      )
      if (signal.aborted) {
        down(null, wasUp)
        break
      }
      const delay = this.#backoff.next()
      const why = failure?.message ?? 'the connection was closed'
      this.#say('waiting', `waiting ${delay / 1000} s before opening ${address.path} again: ${why}`)
      down(failure, wasUp)
      await wait(clock, delay, signal)
    }
  }

  #port(): SerialAddress {
    const { path, usb, baud } = this.#options.address
    return usb ? { kind: 'usb', usb, baud } : { kind: 'device', path, baud }
  }

  async #open(signal: AbortSignal): Promise<Board> {
    const { address, clock, binding, refused } = this.#options
    const { path: where } = address
    const link = await openLink(this.#port(), { clock, binding }, signal)
    this.#say('connecting', `waiting for the board on ${where} to introduce itself`)
    return openBoard({ link, where, clock, signal, refused })
  }

  async #serve(board: Board, signal: AbortSignal): Promise<HomebeatError | null> {
    this.#board = board
    if (signal.aborted) await board.close()
    else {
      this.#say('connected', `connected to ${this.#options.address.path} (${board.description})`)
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

  #say(state: TransportStatus['state'], sentence: string): void {
    this.#state = state
    this.#sentence = sentence
  }
}
