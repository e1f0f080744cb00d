import type { Clock } from '#gateway/platform/clock.js'
import { forget, type Waiting } from './slots.js'

/**
 * A token bucket with a queue: who asks too fast waits, in the order of asking. Nothing is dropped.
 */
export class Throttle {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: number
  #waiting: Waiting[] = []
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

  /** Resolves with true when it is this asker's turn, with false when `forget()` or `close()` came first. */
  take(asker: object): Promise<boolean> {
    if (this.tryTake()) return Promise.resolve(true)
    const turn = new Promise<boolean>((give) => this.#waiting.push({ asker, give }))
    this.#schedule()
    return turn
  }

  /** Takes an asker out of the queue. */
  forget(asker: object): void {
    this.#waiting = forget(this.#waiting, asker)
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
    for (const { give } of this.#waiting.splice(0)) give(false)
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
        this.#waiting.shift()?.give(true)
      }
      this.#schedule()
    })
  }
}
