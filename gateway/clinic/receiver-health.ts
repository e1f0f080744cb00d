import type { Recorder } from '#gateway/engine/recorder.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { HomeMonitor } from './home-monitor.js'

/** The tick comes every second. After so long without one, none will come. */
const STALLED_MS = 10_000

/** Whether the receiver itself can be relied on: it ticks, and its disk takes what it hears. `GET /healthz` asks it. */
export class ReceiverHealth {
  readonly #parts: { readonly monitor: HomeMonitor; readonly recorder: Recorder; readonly clock: Clock }
  #tickedAt: number

  constructor(parts: { readonly monitor: HomeMonitor; readonly recorder: Recorder; readonly clock: Clock }) {
    this.#parts = parts
    this.#tickedAt = parts.clock.monotonic()
  }

  ticked(): void {
    this.#tickedAt = this.#parts.clock.monotonic()
  }

  get isHealthy(): boolean {
    const { monitor, recorder, clock } = this.#parts
    return clock.monotonic() - this.#tickedAt < STALLED_MS && monitor.canSave && !recorder.isRefused
  }
}
