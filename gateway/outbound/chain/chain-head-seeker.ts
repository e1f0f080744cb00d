/**
 * Asks the contract for the last batch of this gateway. Needed where the journal was damaged and the file of heads is
 * gone too. No batch is closed before the contract has answered; readings are kept meanwhile.
 */
import type { BatchStore, ChainHead } from '#gateway/journal/api/batches.js'
import type { Address } from '#gateway/model/batch.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { LedgerReader } from './ledger.js'

const RETRY_MS = 30_000

export interface ChainHeadSeekerOptions {
  readonly batches: Pick<BatchStore, 'headKnown' | 'continueFrom'>
  readonly ledger: Pick<LedgerReader, 'head' | 'anchored'>
  readonly gateway: Address
  readonly clock: Clock
  readonly logger: Logger
}

export class ChainHeadSeeker implements Lifecycle {
  readonly #options: ChainHeadSeekerOptions
  #stop = new AbortController()
  #seeking: Promise<void> | null = null

  constructor(options: ChainHeadSeekerOptions) {
    this.#options = options
  }

  /** Begins to ask; does not wait for the answer. */
  async start(): Promise<void> {
    if (this.#seeking || this.#options.batches.headKnown()) return
    this.#stop = new AbortController()
    this.#seeking = this.#seek(this.#stop.signal)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#seeking
    this.#seeking = null
  }

  async #seek(signal: AbortSignal): Promise<void> {
    const { batches, clock, logger } = this.#options
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const head = await this.#ask()
        if (signal.aborted) return
        batches.continueFrom(head)
        logger.warn({ batch: head?.number ?? 0 }, 'batches go on after the last one that is anchored')
        return
      } catch (error) {
        if (attempt === 1) logger.error({ err: error }, 'no batch is closed before the chain says which was the last')
      }
      await wait(clock, RETRY_MS, signal)
    }
  }

  async #ask(): Promise<ChainHead | null> {
    const { ledger, gateway } = this.#options
    const { number, root, time } = await ledger.head(gateway)
    if (number === 0) return null
    const event = await ledger.anchored(gateway, number)
    if (!event) throw new Error(`no endpoint shows the anchor of batch ${number} yet`)
    return { gateway, number, previousRoot: event.previousRoot, root, time }
  }
}
