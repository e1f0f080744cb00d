import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import type { VirtualBoard } from './board.js'

/** Real milliseconds between two slices: a line's bytes come in few pieces, and the delay is not felt. */
const SLICE_MS = 8
/** More than this behind (the computer slept): the board jumps instead of running after the time. */
const JUMP_MS = 3000
/** Most virtual milliseconds in one slice, so that a late board does not hold up everything else. */
const MOST_MS = 100

/** Runs a board at wall-clock speed. Its timers do not keep the process alive. */
export class BoardPacer implements Lifecycle {
  readonly #board: VirtualBoard
  readonly #clock: Clock
  #cancel: (() => void) | undefined
  #origin = 0

  constructor(board: VirtualBoard, clock: Clock = systemClock) {
    this.#board = board
    this.#clock = clock
  }

  async start(): Promise<void> {
    if (this.#cancel) return
    this.#origin = this.#clock.monotonic() - this.#board.now
    this.#schedule(SLICE_MS)
  }

  async stop(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #schedule(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#slice())
  }

  #slice(): void {
    const behind = this.#clock.monotonic() - this.#origin - this.#board.now
    if (behind > JUMP_MS) this.#board.skip(behind)
    else if (behind > 0) this.#board.run(Math.min(behind, MOST_MS))
    if (this.#cancel) this.#schedule(behind > MOST_MS ? 0 : SLICE_MS)
  }
}
