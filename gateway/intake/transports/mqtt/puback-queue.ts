/** Messages that wait for their PUBACK. They are settled in any order, and acknowledged in that of their arrival (MQTT 3.1.1, 4.6). */
export class PubackQueue {
  readonly #max: number
  readonly #acknowledge: (messageId: number) => void
  #waiting: { readonly messageId: number; settled: boolean }[] = []
  #room: (() => void)[] = []
  #closed = false

  constructor(max: number, acknowledge: (messageId: number) => void) {
    this.#max = max
    this.#acknowledge = acknowledge
  }

  /** @returns what settles it. */
  add(messageId: number): () => void {
    const entry = { messageId, settled: false }
    this.#waiting.push(entry)
    return () => {
      entry.settled = true
      if (this.#closed) return
      while (this.#waiting[0]?.settled) this.#acknowledge((this.#waiting.shift() as typeof entry).messageId)
      if (this.#waiting.length < this.#max) for (const go of this.#room.splice(0)) go()
    }
  }

  /** Resolves when one more may be added. */
  whenRoom(): Promise<void> {
    if (this.#waiting.length < this.#max) return Promise.resolve()
    return new Promise((resolve) => this.#room.push(resolve))
  }

  /** From here on nothing is acknowledged. */
  close(): void {
    this.#closed = true
    for (const go of this.#room.splice(0)) go()
  }
}
