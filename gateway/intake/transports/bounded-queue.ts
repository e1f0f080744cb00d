/**
 * A first-in, first-out queue between a transport's wire and the pipeline: bounded, one consumer.
 * After `close()` the consumer still gets what is in it, then the iteration ends.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly capacity: number
  #items: T[] = []
  #offered: { item: T; placed: (taken: boolean) => void }[] = []
  #roomWaiters: (() => void)[] = []
  #consumer: ((result: IteratorResult<T, undefined>) => void) | null = null
  #closed = false

  /** @param capacity items it holds before it counts as full; at least 1. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError('a queue needs room for at least one item')
    this.capacity = capacity
  }

  /** Items not yet taken by the consumer. */
  get size(): number {
    return this.#items.length
  }
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Adds an item even when full (what a wire has already given cannot be given back): the producer must then wait
   * for `whenRoom()`. Does nothing once closed.
   * @returns false when the queue is now full (or closed).
   */
  push(item: T): boolean {
    if (this.#closed) return false
    if (this.#consumer) {
      const consumer = this.#consumer
      this.#consumer = null
      consumer({ value: item, done: false })
    } else this.#items.push(item)
    return this.#hasRoom()
  }

  /** Adds the item once there is room, in the order of the calls. Resolves with false when closed before that. */
  offer(item: T): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    if (this.#hasRoom()) {
      this.push(item)
      return Promise.resolve(true)
    }
    return new Promise((placed) => this.#offered.push({ item, placed }))
  }

  /** Resolves as soon as an item fits, or the queue is closed. */
  whenRoom(): Promise<void> {
    if (this.#closed || this.#hasRoom()) return Promise.resolve()
    return new Promise((resolve) => this.#roomWaiters.push(resolve))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const { placed } of this.#offered.splice(0)) placed(false)
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
    if (this.#consumer) {
      const consumer = this.#consumer
      this.#consumer = null
      consumer({ value: undefined, done: true })
    }
  }

  /** Leaving a `for await` loop early does not close the queue: the next loop goes on where it stopped. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.#next() }
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#consumer) return Promise.reject(new Error('a BoundedQueue has one consumer'))
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T
      this.#makeRoom()
      return Promise.resolve({ value, done: false })
    }
    if (this.#closed) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => {
      this.#consumer = resolve
    })
  }

  #makeRoom(): void {
    while (this.#items.length < this.capacity) {
      const next = this.#offered.shift()
      if (!next) break
      this.#items.push(next.item)
      next.placed(true)
    }
    if (this.#hasRoom()) for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }

  #hasRoom(): boolean {
    return this.#items.length < this.capacity && this.#offered.length === 0
  }
}
