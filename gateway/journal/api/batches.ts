import type { Address, BatchHeader, ClosedBatch, Hash32 } from '#gateway/model/batch.js'

/** The batch after which a chain of batches goes on. */
export interface ChainHead {
  readonly gateway: Address
  readonly number: number
  readonly previousRoot: Hash32
  readonly root: Hash32
  /** Epoch ms. */
  readonly time: number
}

export interface BatchStore {
  /**
   * One transaction: the batch, its leaves, the mark on its measurements and a `batch` entry for each lane that takes them.
   * @throws HomebeatError `journal.batch-order` for a number or previous root that does not continue the last batch,
   * `journal.head-unknown`, …
   */
  close(batch: ClosedBatch): void
  last(): BatchHeader | null
  byNumber(number: number): ClosedBatch | null
  numbers(): number[]
  /** How many were ever closed, and anchored. */
  counts(): { readonly closed: number; readonly anchored: number }
  /**
   * The leaf hashes of a purged batch, in leaf order, [] once these are gone too; null where the batch is unknown or its
   * leaves are still held.
   */
  leafHashes(number: number): Hash32[] | null
  /** Its salts (64 hex digits each), in leaf order, where only clear targets have the batch; else null. */
  leafSalts(number: number): string[] | null
  /** False after damage that took the last batch and the file of heads: nothing is closed before `continueFrom`. */
  headKnown(): boolean
  /** @param anchored the last batch that the contract has of this gateway; null when it has none. */
  continueFrom(anchored: ChainHead | null): void
}
