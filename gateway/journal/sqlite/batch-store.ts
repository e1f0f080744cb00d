import type { BatchStore, Continuation } from '#gateway/journal/api/batches.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { type BatchHeads, KEPT } from './batch-heads.js'
import { BATCHES, CONTINUATIONS, DAMAGE } from './queries.js'
import type { Tables } from './tables.js'
import { BATCHES_ANCHORED, BATCHES_CLOSED, readTotals } from './totals.js'

export function batchReader({ database, batches, leaves }: Tables) {
  return {
    last: () => batches.last(),
    byNumber: (number) => batches.byNumber(number),
    numbers: () => batches.numbers(),
    signedAfter: (number) => batches.headsAfter(number),
    joining: (number) => batches.joining(number),
    rootOf: (number) => batches.rootOf(number),
    continuations: () => database.all<Continuation & { at: number }>(CONTINUATIONS.all),
    leafHashes: (number) => leaves.hashes(number),
    leafSalts: (number) => leaves.salts(number),
    counts() {
      const totals = readTotals(database)
      return { closed: totals.get(BATCHES_CLOSED) ?? 0, anchored: totals.get(BATCHES_ANCHORED) ?? 0 }
    },
  } satisfies Partial<BatchStore>
}

/** @param heads kept beside the journal */
export function batchStore(tables: Tables, heads: BatchHeads, clock: Clock, logger: Logger): BatchStore {
  const { database, batches, measurements, outbox, transactions } = tables
  const keepHeads = (keep: () => void, batch: number) => {
    try {
      keep()
    } catch (error) {
      // The batch is durable; the next start writes its head again.
      logger.error({ err: error, batch }, 'the head of a batch could not be kept apart')
    }
  }
  const headKnown = () => database.get<{ count: number }>(DAMAGE.headUnknown)?.count === 0
  return {
    ...batchReader(tables),
    headKnown,
    close(batch) {
      const { number } = batch.header
      if (!headKnown())
        throw new HomebeatError(
          'journal.head-unknown',
          'The journal was damaged and which batch was the last is not known yet: the chain is asked until it answers; readings are kept meanwhile.',
          { retry: 'transient' },
        )
      const insert = () => {
        batches.insert(batch)
        outbox.owe('batch', number)
      }
      transactions.run(insert, () => keepHeads(() => heads.append(batch), number))
      measurements.counted(-batch.leaves.length)
    },
    renumber(number, as) {
      transactions.run(() => {
        batches.renumber(number, as)
        outbox.renumber(number, as.header.number)
      })
    },
    continueFrom(anchored, { by, shared, head, renumbered }) {
      const goOn = () => {
        if (anchored && batches.rootOf(anchored.number) !== anchored.root) {
          const { number, gateway, previousRoot, root, time } = anchored
          database.run(BATCHES.insert, number, gateway, previousRoot, root, 0, time, time, 0, '', '', time)
        }
        database.run(DAMAGE.headKnown)
        database.run(CONTINUATIONS.insert, clock.now(), by, shared, head, renumbered)
      }
      // Heads of batches under their numbers of before would be taken for closed ones after damage.
      transactions.run(goOn, () =>
        keepHeads(() => heads.replace(batches.headsAfter((batches.last()?.number ?? 0) - KEPT)), head),
      )
    },
  }
}
