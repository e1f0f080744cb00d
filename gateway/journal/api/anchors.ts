import type { AnchorReceipt, Hash32 } from '#gateway/model/batch.js'

/** Write-ahead of anchoring: sign, persist the raw transaction, then broadcast. */
export interface AnchorStore {
  /** The signed transaction persisted for a batch, or null. */
  transaction(batchNumber: number): { readonly raw: string; readonly hash: Hash32; readonly nonce: number } | null
  saveTransaction(batchNumber: number, transaction: { raw: string; hash: Hash32; nonce: number }): void
  receipt(batchNumber: number): AnchorReceipt | null
  saveReceipt(receipt: AnchorReceipt): void
  lastReceipt(): AnchorReceipt | null
}
