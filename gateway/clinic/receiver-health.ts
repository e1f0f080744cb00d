import type { Recorder } from '#gateway/engine/recorder.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Watchkeeper } from './watchkeeper.js'

/** A tick that has not come for so long will not. */
const STALLED_MS = 10_000

/** Whether the receiver itself can be relied on: it ticks, and the disk takes what it hears. Asked by `GET /healthz`. */
export class ReceiverHealth {
  readonly #parts: { readonly keeper: Watchkeeper; readonly recorder: Recorder; readonly clock: Clock }
  #tickedAt: number

  constructor(parts: { readonly keeper: Watchkeeper; readonly recorder: Recorder; readonly clock: Clock }) {
    this.#parts = parts
    this.#tickedAt = parts.clock.monotonic()
  }

  ticked(): void {
    this.#tickedAt = this.#parts.clock.monotonic()
  }

  get isHealthy(): boolean {
    const { keeper, recorder, clock } = this.#parts
    return clock.monotonic() - this.#tickedAt < STALLED_MS && keeper.canSave && !recorder.isRefused
  }
}
