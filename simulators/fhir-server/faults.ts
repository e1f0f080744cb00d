/** What goes wrong with a server, on request: for tests and scenarios. */
export type Fault =
  /** Answered with this status and nothing done. */
  | { readonly type: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Never answered, nothing done. */
  | { readonly type: 'hang' }
  /** Carried out, then the connection is cut before the answer: the sender cannot know. */
  | { readonly type: 'cut' }

export class Faults {
  #queue: Fault[] = []

  /** The next `count` requests meet this fault, after those already asked for. */
  next(count: number, fault: Fault): void {
    for (let i = 0; i < count; i++) this.#queue.push(fault)
  }
  clear(): void {
    this.#queue = []
  }
  take(): Fault | undefined {
    return this.#queue.shift()
  }
}
