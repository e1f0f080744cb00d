import type { SystemCondition } from '#gateway/model/system-condition.js'

/** A signal must be believable for so long before its alert ends: noise comes and goes, and some signals are judged every 10 s. */
const CLEAR_AFTER_MS = 20_000

/** A signal that cannot be believed, as a technical condition of low priority. */
export class PoorSignal {
  readonly #condition: string
  readonly #afterMs: number
  #since: number | null = null
  #lastAt = 0
  #present = false

  /** @param afterMs how long it must last without a pause */
  constructor(condition: string, afterMs: number) {
    this.#condition = condition
    this.#afterMs = afterMs
  }

  /** @param now epoch ms, never falling */
  look(poor: boolean, now: number): SystemCondition {
    if (poor) {
      this.#since ??= now
      this.#lastAt = now
      if (now - this.#since >= this.#afterMs) this.#present = true
    } else if (!this.#present || now - this.#lastAt >= CLEAR_AFTER_MS) return this.end()
    return this.#said
  }

  /** No signal can be judged: another condition says what is wrong. */
  end(): SystemCondition {
    this.#since = null
    this.#present = false
    return this.#said
  }

  get #said(): SystemCondition {
    return { condition: this.#condition, priority: 'low', delayMs: 0, present: this.#present }
  }
}
