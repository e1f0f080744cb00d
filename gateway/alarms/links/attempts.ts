import type { Clock } from '#gateway/platform/clock.js'
import { networkOf } from '#gateway/platform/net/login-guard.js'

const WINDOW_MS = 60_000

/** Bounds the wrong requests looked at in a minute: from one address, and from all together. */
export class Attempts {
  readonly #clock: Clock
  readonly #perAddress: number
  readonly #inAll: number
  readonly #byAddress = new Map<string, number>()
  #all = 0
  #since = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, perAddress = 30, inAll = 300) {
    this.#clock = clock
    this.#perAddress = perAddress
    this.#inAll = inAll
  }

  /** Counts one. @returns whether it may be answered */
  take(address: string): boolean {
    const now = this.#clock.monotonic()
    if (now - this.#since >= WINDOW_MS) {
      this.#since = now
      this.#all = 0
      this.#byAddress.clear()
    }
    if (this.#all >= this.#inAll) return false
    this.#all++
    const network = networkOf(address)
    const count = (this.#byAddress.get(network) ?? 0) + 1
    this.#byAddress.set(network, count)
    return count <= this.#perAddress
  }
}
