/** What has been said already, bounded: what others can make grow neither the log nor the memory. */
export class SaidOnce {
  readonly #max: number
  readonly #said = new Set<string>()

  constructor(max: number) {
    this.#max = max
  }

  /** Whether it is to be said now: it is the first of its kind, and there is room to remember it. */
  first(what: string): boolean {
    if (this.#said.has(what) || this.#said.size >= this.#max) return false
    this.#said.add(what)
    return true
  }
}
