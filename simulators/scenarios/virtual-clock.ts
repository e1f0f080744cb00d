import type { Clock } from '#gateway/platform/clock.js'

interface Timer {
  readonly at: number
  readonly action: () => void
}

/** A clock that somebody moves: `advance` calls what is due, in the order of its time. */
export class VirtualClock implements Clock {
  readonly #epoch: number
  #elapsed = 0
  #timers: Timer[] = []

  /** @param epoch wall time at the beginning, epoch milliseconds. */
  constructor(epoch: number) {
    this.#epoch = epoch
  }

  now(): number {
    return Math.round(this.#epoch + this.#elapsed)
  }

  monotonic(): number {
    return this.#elapsed
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#elapsed + ms, action }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** @param to milliseconds since the beginning; never back. */
  advance(to: number): void {
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#elapsed = Math.max(this.#elapsed, next.at)
      next.action()
    }
    this.#elapsed = Math.max(this.#elapsed, to)
  }
}
