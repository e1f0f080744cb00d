import type { BatchStore } from '#gateway/journal/api/batches.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { isWithoutChain } from '#gateway/proofs/joining.js'

/**
 * Stands for the chain where none is configured: batches are closed and signed, and nothing is anchored. A home that has
 * anchored closes none without its chain: their numbers would be taken when the chain is back.
 */
export class WithoutChain implements Lifecycle, HealthCheck {
  readonly #batches: Pick<BatchStore, 'last' | 'signedAfter'>
  #isMissing: boolean | null = null

  constructor(batches: Pick<BatchStore, 'last' | 'signedAfter'>) {
    this.#batches = batches
  }

  async start(): Promise<void> {
    const last = this.#batches.last()
    const signed = last ? this.#batches.signedAfter(last.number - 1)[0] : undefined
    this.#isMissing = last !== null && !(signed && isWithoutChain(signed.domain))
  }

  async stop(): Promise<void> {}

  mayClose(): boolean {
    return this.#isMissing === false
  }

  /** `chain-missing`: this home's batches are on a chain that is not configured any more. */
  check(): readonly SystemCondition[] {
    return [{ condition: 'chain-missing', priority: 'medium', delayMs: 0, present: this.#isMissing === true }]
  }
}
