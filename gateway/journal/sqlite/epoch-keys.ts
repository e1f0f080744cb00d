import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { EpochKeyStore } from '#gateway/journal/api/epoch-keys.js'
import { LinesFile } from '#gateway/journal/salvage/lines-file.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Database } from './database.js'
import { EPOCH_KEYS } from './queries.js'

const lineSchema = z.strictObject({ epoch: z.string(), wrapped: z.string() })

/** The second copy of the wrapped keys, `keys/epoch-keys.jsonl`: without its key an envelope is lost with the journal. */
export function epochKeyCopy(journal: string): LinesFile {
  return new LinesFile(join(dirname(journal), 'keys', 'epoch-keys.jsonl'))
}

/**
 * @param copy written before the database, so that no key is used of which there is one copy only
 */
export function epochKeyStore(database: Database, copy?: LinesFile): EpochKeyStore {
  const get = (epoch: string) => database.get<{ wrapped: string }>(EPOCH_KEYS.get, epoch)?.wrapped ?? null
  return {
    get,
    put(epoch, wrapped) {
      const existing = get(epoch)
      if (existing !== null) return existing
      copy?.append({ epoch, wrapped })
      database.run(EPOCH_KEYS.put, epoch, wrapped)
      const stored = get(epoch)
      // The key that wraps what is sealed next must be the one that is kept.
      if (stored === null)
        throw new HomebeatError('journal.write-failed', `The epoch key ${epoch} was not stored: check the disk.`)
      return stored
    },
    list: () => database.all<{ epoch: string; wrapped: string }>(EPOCH_KEYS.list),
  }
}

/** Each side gets what only the other has: the database after damage, the copy when it is new. */
export function reconcileEpochKeys(database: Database, copy: LinesFile): void {
  mkdirSync(dirname(copy.path), { recursive: true, mode: 0o700 })
  const copied = new Map<string, string>()
  // The last line counts: an earlier one of the same epoch was written when the database then failed to take it.
  for (const line of copy.read()) {
    const parsed = lineSchema.safeParse(line)
    if (parsed.success) copied.set(parsed.data.epoch, parsed.data.wrapped)
  }
  const stored = database.all<{ epoch: string; wrapped: string }>(EPOCH_KEYS.list)
  const epochs = new Set(stored.map(({ epoch }) => epoch))
  const lost = [...copied].filter(([epoch]) => !epochs.has(epoch))
  database.transaction(() => {
    for (const [epoch, wrapped] of lost) database.run(EPOCH_KEYS.put, epoch, wrapped)
  })
  copy.append(...stored.filter(({ epoch, wrapped }) => copied.get(epoch) !== wrapped))
}
