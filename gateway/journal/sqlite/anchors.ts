import type { AnchorStore } from '#gateway/journal/api/anchors.js'
import type { AnchorReceipt, Hash32 } from '#gateway/model/batch.js'
import type { Database } from './database.js'
import { ANCHORS } from './queries.js'
import { addTotal, BATCHES_ANCHORED } from './totals.js'

export function anchorStore(database: Database): AnchorStore {
  return {
    transaction: (batchNumber) =>
      database.get<{ raw: string; hash: Hash32; nonce: number }>(ANCHORS.transaction, batchNumber) ?? null,
    saveTransaction(batchNumber, { raw, hash, nonce }) {
      database.run(ANCHORS.saveTransaction, batchNumber, raw, hash, nonce)
    },
    receipt: (batchNumber) => database.get<AnchorReceipt>(ANCHORS.receipt, batchNumber) ?? null,
    saveReceipt(receipt) {
      const { batchNumber, transactionHash, blockNumber, blockHash, blockTime, gasUsed } = receipt
      database.transaction(() => {
        const block = [transactionHash, blockNumber, blockHash, blockTime, gasUsed] as const
        const { changes } = database.run(ANCHORS.insertReceipt, batchNumber, ...block)
        // A reorganisation may move an anchor to another block; it is still one anchored batch.
        if (changes === 0) database.run(ANCHORS.replaceReceipt, ...block, batchNumber)
        else addTotal(database, BATCHES_ANCHORED, 1)
      })
    },
    lastReceipt: () => database.get<AnchorReceipt>(ANCHORS.lastReceipt) ?? null,
  }
}
