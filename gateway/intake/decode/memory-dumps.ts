/** The dumps of a device's memory: whether its newest record was there when it was last asked. No clock, no I/O. */

/** Far more than the memory of a cuff or a glucometer holds. */
export const MOST_RECORDS = 1000

export class MemoryDumps {
  /** The records of the last whole dump, oldest first; null: it was not asked before. */
  #last: readonly string[] | null = null
  #current: string[] = []

  /** A dump begins. @param records in the whole of it */
  begin(records: number): void {
    this.#current = []
    if (records === 0) this.#last = []
  }

  /** @param record what the device says of it, stamp included */
  add(record: string): void {
    this.#current.push(record)
    if (this.#current.length > MOST_RECORDS) this.#current.shift()
  }

  /** Records of the dump that is under way. */
  get size(): number {
    return this.#current.length
  }

  /**
   * The dump is whole. Its newest record was there before only where nothing is new: the dump ends as the last one did. (A full
   * memory drops its oldest records.)
   */
  end(): 'since-last-poll' | 'older' | 'no-last-poll' {
    const [last, current] = [this.#last, this.#current]
    this.#last = [...current]
    if (!last) return 'no-last-poll'
    const from = last.length - current.length
    return from >= 0 && current.every((record, index) => last[from + index] === record) ? 'older' : 'since-last-poll'
  }
}
