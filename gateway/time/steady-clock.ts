import type { Clock } from '#gateway/platform/clock.js'

/**
 * Two clocks that never jump by themselves. `run` is the wall time at the start of this run plus monotonic progress:
 * what the pipeline counts in, so that neither a set clock nor a leap second can shorten a delay or make silence.
 * The steady clock itself is `run` plus a shift, which only the `Timekeeper` moves, when everyone has been told.
 */
export class SteadyClock implements Clock {
  readonly run: Clock
  readonly #base: Clock
  #shift = 0

  constructor(base: Clock) {
    this.#base = base
    const start = base.now() - base.monotonic()
    this.run = {
      now: () => Math.floor(start + base.monotonic()),
      monotonic: () => base.monotonic(),
      after: (ms, action) => base.after(ms, action),
    }
  }

  /** Whole milliseconds from run time to wall time. */
  get shiftMs(): number {
    return Math.round(this.#shift)
  }

  /** How far the machine's clock is ahead of this one, milliseconds. */
  deviation(): number {
    return this.#base.now() - this.run.now() - this.#shift
  }

  /** @param ms may be a part of one: small corrections add up. */
  move(ms: number): void {
    this.#shift += ms
  }

  now(): number {
    return this.run.now() + this.shiftMs
  }

  monotonic(): number {
    return this.#base.monotonic()
  }

  after(ms: number, action: () => void): () => void {
    return this.#base.after(ms, action)
  }
}
