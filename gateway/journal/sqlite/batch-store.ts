import type { BatchStore } from '#gateway/journal/api/batches.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { BatchHeads } from './batch-heads.js'
import { BATCHES, DAMAGE } from './queries.js'
import type { Tables } from './tables.js'
import { BATCHES_ANCHORED, BATCHES_CLOSED, readTotals } from './totals.js'

export function batchReader({ database, batches, leaves }: Tables) {
  return {
    last: () => batches.last(),
    byNumber: (number) => batches.byNumber(number),
    numbers: () => batches.numbers(),
    leafHashes: (number) => leaves.hashes(number),
    leafSalts: (number) => leaves.salts(number),
    counts() {
      const totals = readTotals(database)
      return { closed: totals.get(BATCHES_CLOSED) ?? 0, anchored: totals.get(BATCHES_ANCHORED) ?? 0 }
    },
  } satisfies Partial<BatchStore>
}

/** @param heads kept beside the journal */
export function batchStore(tables: Tables, heads: BatchHeads, logger: Logger): BatchStore {
  const { database, batches, measurements, outbox, transactions } = tables
  const headKnown = () => database.get<{ count: number }>(DAMAGE.headUnknown)?.count === 0
  return {
    ...batchReader(tables),
    headKnown,
    close(batch) {
      const { number, count } = batch.header
      if (!headKnown())
        throw new HomebeatError(
          'journal.head-unknown',
          'The journal was damaged and which batch was the last is not known yet: the chain is asked until it answers; readings are kept meanwhile.',
          { retry: 'transient' },
        )
      const keepHead = () => {
        try {
          heads.append(batch)
        } catch (error) {
          // The batch is durable; the next start writes its head again.
          logger.error({ err: error, batch: number }, 'the head of a batch could not be kept apart')
        }
      }
      transactions.run(() => {
        batches.insert(batch)
        outbox.owe('batch', number)
      }, keepHead)
      measurements.counted(-count)
    },
    continueFrom(anchored) {
      transactions.run(() => {
        const last = batches.last()
        if (anchored && anchored.number > (last?.number ?? 0)) {
          const { number, gateway, previousRoot, root, time } = anchored
          database.run(BATCHES.insert, number, gateway, previousRoot, root, 0, time, time, 0, '', '', time)
        }
        database.run(DAMAGE.headKnown)
      })
    },
  }
}
