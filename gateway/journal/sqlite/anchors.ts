import type { AnchorStore } from '#gateway/journal/api/anchors.js'
import type { AnchorReceipt, BatchHeader, Hash32 } from '#gateway/model/batch.js'
import { isJoining } from '#gateway/proofs/joining.js'
import type { Database } from './database.js'
import { ANCHORS, BATCHES } from './queries.js'
import { addTotal, BATCHES_ANCHORED } from './totals.js'

export function anchorStore(database: Database): AnchorStore {
  /** How many others are on the chain by this anchor. */
  const joinedBy = (number: number) => {
    const row = database.get<BatchHeader>(BATCHES.byNumber, number)
    return row && isJoining(row) ? row.count : 0
  }
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
        else addTotal(database, BATCHES_ANCHORED, 1 + joinedBy(batchNumber))
      })
    },
    lastReceipt: () => database.get<AnchorReceipt>(ANCHORS.lastReceipt) ?? null,
  }
}
