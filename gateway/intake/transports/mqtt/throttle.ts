import type { Clock } from '#gateway/platform/clock.js'

/**
 * A token bucket with a queue: who asks too fast waits, in the order of asking. Nothing is dropped.
 */
export class Throttle {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: number
  #waiting: ((given: boolean) => void)[] = []
  #cancel: (() => void) | null = null

  /** @param burst how many may come at once after a pause; at least 1. */
  constructor(options: { clock: Clock; perSecond: number; burst: number }) {
    this.#clock = options.clock
    this.#perSecond = options.perSecond
    this.#burst = options.burst
    this.#tokens = options.burst
    this.#at = options.clock.monotonic()
  }

  /** Whether it is this asker's turn right now, which then is taken. */
  tryTake(): boolean {
    this.#refill()
    if (this.#waiting.length > 0 || this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** Resolves with true when it is this asker's turn, with false when `close()` came first. */
  take(): Promise<boolean> {
    if (this.tryTake()) return Promise.resolve(true)
    const turn = new Promise<boolean>((resolve) => this.#waiting.push(resolve))
    this.#schedule()
    return turn
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
    for (const resolve of this.#waiting.splice(0)) resolve(false)
  }

  #refill(): void {
    const now = this.#clock.monotonic()
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond)
    this.#at = now
  }

  #schedule(): void {
    if (this.#cancel || this.#waiting.length === 0) return
    // A little more than needed: a timer that fires early by a rounding would find nothing.
    const ms = Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000) + 1
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = null
      this.#refill()
      while (this.#waiting.length > 0 && this.#tokens >= 1) {
        this.#tokens--
        this.#waiting.shift()?.(true)
      }
      this.#schedule()
    })
  }
}
