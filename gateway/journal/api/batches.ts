import type { Address, AnchorDomain, BatchHeader, ClosedBatch, Hash32 } from '#gateway/model/batch.js'

/** The batch after which a chain of batches goes on. */
export interface ChainHead {
  readonly gateway: Address
  readonly number: number
  readonly previousRoot: Hash32
  readonly root: Hash32
  /** Epoch ms. */
  readonly time: number
}

/** That batches went on after the contract's last one, since the journal did not have it: restored from a backup, say. */
export interface Continuation {
  /** Who said so; null: the gateway itself, after damage. */
  readonly by: string | null
  /** The last batch that both had, and the contract's last. Of those in between the journal has no records. */
  readonly shared: number
  readonly head: number
  /** Batches of the journal that got another number, after the contract's last. */
  readonly renumbered: number
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
  /** What was signed for the batches above a number, oldest first; without those of which nothing is held but the root. */
  signedAfter(number: number): { readonly header: BatchHeader; readonly domain: AnchorDomain }[]
  /** The batch that commits to this one, which was signed without a chain; null: none yet. */
  joining(number: number): ClosedBatch | null
  /** Also of a batch whose row is lost, where the next one names it; null: not known. NO_ROOT of number 0. */
  rootOf(number: number): Hash32 | null
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
  /**
   * Gives a batch that is on no chain another number and a new signature; its leaves, and so its root, stay. Every lane
   * is owed it anew. The highest goes first, so that its number is free.
   */
  renumber(number: number, as: Pick<ClosedBatch, 'header' | 'domain' | 'signature'>): void
  /** @param anchored the last batch that the contract has of this gateway; null when it has none. */
  continueFrom(anchored: ChainHead | null, continuation: Continuation): void
  /** Oldest first. */
  continuations(): (Continuation & { readonly at: number })[]
}
