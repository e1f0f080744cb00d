/**
 * A first-in, first-out queue between a transport's wire and the pipeline: bounded, one consumer.
 * After `close()` the consumer still gets what is in it, then the iteration ends.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly capacity: number
  #items: T[] = []
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

  /** Resolves as soon as an item fits, or the queue is closed. */
  whenRoom(): Promise<void> {
    if (this.#closed || this.#hasRoom()) return Promise.resolve()
    return new Promise((resolve) => this.#roomWaiters.push(resolve))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
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
      if (this.#hasRoom()) for (const resolve of this.#roomWaiters.splice(0)) resolve()
      return Promise.resolve({ value, done: false })
    }
    if (this.#closed) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => {
      this.#consumer = resolve
    })
  }

  #hasRoom(): boolean {
    return this.#items.length < this.capacity
  }
}
