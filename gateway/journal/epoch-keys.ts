import { HomebeatError } from '#gateway/runtime/errors.js'
import type { Database } from './database.js'
import type { EpochKeyStore } from './journal.js'
import { EPOCH_KEYS } from './queries.js'

/** @param database the open one; throws `journal.closed` when there is none. */
export function epochKeyStore(database: () => Database): EpochKeyStore {
  const get = (epoch: string) => database().get<{ wrapped: string }>(EPOCH_KEYS.get, epoch)?.wrapped ?? null
  return {
    get,
    put(epoch, wrapped) {
      database().run(EPOCH_KEYS.put, epoch, wrapped)
      const stored = get(epoch)
      // The key that wraps what is sealed next must be the one that is kept.
      if (stored === null)
        throw new HomebeatError('journal.write-failed', `The epoch key ${epoch} was not stored: check the disk.`)
      return stored
    },
    list: () => database().all<{ epoch: string; wrapped: string }>(EPOCH_KEYS.list),
  }
}
