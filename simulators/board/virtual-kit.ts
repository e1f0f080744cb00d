import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import type { VirtualPatient } from '#simulators/patient/patient.js'
import type { Jumper } from './adc-inputs.js'
import { VirtualBoard } from './board.js'
import { followMode } from './follow-mode.js'
import { BoardPacer } from './pacer.js'
import { PtyPort } from './pty.js'
import { TcpPort } from './tcp-port.js'

export interface VirtualKitOptions {
  readonly patient: VirtualPatient
  /** The wall time of the patient's t = 0, epoch milliseconds. Default: now, when started. */
  readonly epochMs?: number
  readonly port: { readonly tcp: { readonly host?: string; readonly port?: number } } | { readonly pty: true }
  readonly jumper?: Jumper
  /** Whether somebody moves the jumper when the firmware's mode changes. Default false. */
  readonly followMode?: boolean
  readonly clock?: Clock
}

/** A board with the committed firmware, in real time, behind a port that the unchanged gateway opens. */
export class VirtualKit implements Lifecycle {
  readonly #options: VirtualKitOptions
  #parts: { board: VirtualBoard; pacer: BoardPacer; port: TcpPort | PtyPort } | undefined

  constructor(options: VirtualKitOptions) {
    this.#options = options
  }

  /** @throws HomebeatError `board.hex`, `board.port-in-use`, `board.listen`, `board.socat`. */
  async start(): Promise<void> {
    if (this.#parts) return
    const { patient, port: where, jumper, clock = systemClock } = this.#options
    const hex = await readFirmware()
    const epochMs = this.#options.epochMs ?? clock.now()
    const board = new VirtualBoard({ hex, patient, epochMs, startMs: clock.now() - epochMs, jumper: jumper ?? 'ecg' })
    const port = 'pty' in where ? new PtyPort(board, { clock }) : new TcpPort(board, where.tcp)
    const pacer = new BoardPacer(board, clock)
    if (this.#options.followMode) followMode(board)
    await port.start()
    this.#parts = { board, pacer, port }
    await pacer.start()
  }

  async stop(): Promise<void> {
    const parts = this.#parts
    this.#parts = undefined
    await parts?.pacer.stop()
    await parts?.port.stop()
  }

  /** Once started. */
  get board(): VirtualBoard {
    return this.#started().board
  }

  /** What the gateway's configuration names: `serial+tcp://…`, or `serial://` and the pseudo-terminal's path. */
  get url(): string {
    const { port } = this.#started()
    return port instanceof PtyPort ? `serial://${port.path}` : port.url
  }

  #started() {
    if (!this.#parts) throw new HomebeatError('board.not-started', 'The virtual kit is not started.')
    return this.#parts
  }
}

/** The committed firmware, as the text of its Intel HEX file. @throws HomebeatError `board.hex` */
export async function readFirmware(): Promise<string> {
  const file = join(packageRoot, 'firmware', 'homebeat.hex')
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new HomebeatError('board.hex', `The firmware ${file} cannot be read: run npm run firmware:build.`, { cause })
  }
}
