/** What goes wrong with a server, on request: for tests and scenarios. */
export type Fault =
  /** Answered with this status and nothing done. */
  | { readonly type: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Never answered, nothing done. */
  | { readonly type: 'hang' }
  /** Carried out, then the connection is cut before the answer: the sender cannot know. */
  | { readonly type: 'cut' }
  /** Carried out, and answered 200 with this instead of a resource. */
  | { readonly type: 'garbage'; readonly body: string }

export class Faults {
  #queue: { readonly fault: Fault; readonly method: string | undefined }[] = []
  #standing: Fault | null = null

  /**
   * The next `count` requests meet this fault, after those already asked for.
   * @param method only requests of this one; others pass unharmed meanwhile
   */
  next(count: number, fault: Fault, method?: string): void {
    for (let i = 0; i < count; i++) this.#queue.push({ fault, method })
  }
  /** Every request meets this fault, after those of `next`, until `clear`. */
  always(fault: Fault): void {
    this.#standing = fault
  }
  clear(): void {
    this.#queue = []
    this.#standing = null
  }
  /** How many of those asked for by `next` have not been met yet. */
  get waiting(): number {
    return this.#queue.length
  }
  take(method = 'GET'): Fault | undefined {
    const first = this.#queue[0]
    if (first && first.method !== undefined && first.method !== method) return undefined
    return this.#queue.shift()?.fault ?? this.#standing ?? undefined
  }
}
