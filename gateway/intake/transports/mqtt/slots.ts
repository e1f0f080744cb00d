/** Somebody in a queue. */
export interface Waiting {
  readonly asker: object
  readonly give: (given: boolean) => void
}

/** @returns those that still wait; the asker is told that it gets nothing. */
export function forget(waiting: readonly Waiting[], asker: object): Waiting[] {
  for (const one of waiting) if (one.asker === asker) one.give(false)
  return waiting.filter((one) => one.asker !== asker)
}

/** A fixed number of places, given out in the order they were asked for. */
export class Slots {
  #free: number
  #waiting: Waiting[] = []
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

  /** Resolves with true when a place is given, with false when `forget()` or `close()` came first. */
  take(asker: object): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    if (this.tryTake()) return Promise.resolve(true)
    return new Promise((give) => this.#waiting.push({ asker, give }))
  }

  /** Takes an asker out of the queue. */
  forget(asker: object): void {
    this.#waiting = forget(this.#waiting, asker)
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next.give(true)
    else this.#free++
  }

  close(): void {
    this.#closed = true
    for (const { give } of this.#waiting.splice(0)) give(false)
  }
}
