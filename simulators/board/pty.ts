import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, systemClock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { endProcess } from '../end-process.js'
import type { VirtualBoard } from './board.js'
import { SocketPort } from './socket-port.js'

const READY_MS = 10_000
const POLL_MS = 10

/**
 * A real pseudo-terminal, made by socat, that any program opens by path like /dev/ttyACM0.
 *
 * `path` is a link of constant name to the current /dev/pts/N. Opening it resets the board, like DTR on a real Uno;
 * what the kit sends while nobody has it open is lost. When the last program closes it, the terminal is replaced by a
 * new one behind the same link: for an instant there is no such file, as when a USB plug is reseated. A pseudo-terminal
 * has no baud rate and no DTR line of its own.
 */
export class PtyPort implements Lifecycle {
  readonly #board: VirtualBoard
  readonly #clock: Clock
  #folder: string | undefined
  #socket: SocketPort | undefined
  #child: ChildProcess | null = null
  #running = false

  constructor(board: VirtualBoard, options: { clock?: Clock } = {}) {
    this.#board = board
    this.#clock = options.clock ?? systemClock
  }

  /** Once started. */
  get path(): string {
    return join(this.#folder ?? '', 'ttyKit')
  }

  /** @throws HomebeatError `board.socat` when socat is not installed or gives no terminal. */
  async start(): Promise<void> {
    if (this.#running) return
    const socat = findSocat()
    this.#running = true
    this.#folder = await mkdtemp(join(tmpdir(), 'homebeat-kit-'))
    const socket = join(this.#folder, 'uart')
    this.#socket = new SocketPort(this.#board, { path: socket })
    await this.#socket.start()
    this.#spawn(socat, socket)
    const until = this.#clock.monotonic() + READY_MS
    while (!existsSync(this.path)) {
      if (this.#clock.monotonic() > until) {
        await this.stop()
        throw new HomebeatError('board.socat', 'socat made no pseudo-terminal: is /dev/pts mounted?')
      }
      await wait(this.#clock, POLL_MS)
    }
  }

  async stop(): Promise<void> {
    this.#running = false
    const child = this.#child
    this.#child = null
    await endProcess(child, 'SIGTERM')
    await this.#socket?.stop()
    this.#socket = undefined
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }

  #spawn(socat: string, socket: string): void {
    // wait-slave: socat connects to us, which resets the board, when somebody opens the terminal; it ends when they close it.
    const terminal = `PTY,link=${this.path},raw,echo=0,wait-slave,pty-interval=0.05`
    const child = spawn(socat, [terminal, `UNIX-CONNECT:${socket}`], { stdio: 'ignore' })
    this.#child = child
    child.once('error', () => {})
    child.once('exit', () => {
      if (this.#running && this.#child === child)
        this.#clock.after(POLL_MS, () => this.#running && this.#spawn(socat, socket))
    })
  }
}

function findSocat(): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, 'socat')
    if (folder.startsWith('/') && existsSync(file)) return file
  }
  throw new HomebeatError('board.socat', 'socat is not installed: apt install socat, or use --tcp instead of --pty.')
}
