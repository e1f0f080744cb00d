/** A fixed number of places, given out in the order they were asked for. */
export class Slots {
  #free: number
  #waiting: ((given: boolean) => void)[] = []
  #closed = false

  constructor(count: number) {
    this.#free = count
  }

  /** Takes a place that is free right now. */
  tryTake(): boolean {
    if (this.#closed || this.#free === 0) return false
    this.#free--
    return true
  }

  /** Resolves with true when a place is given, with false when `close()` came first. */
  take(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    if (this.tryTake()) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next(true)
    else this.#free++
  }

  close(): void {
    this.#closed = true
    for (const resolve of this.#waiting.splice(0)) resolve(false)
  }
}
