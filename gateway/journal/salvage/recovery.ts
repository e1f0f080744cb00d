/**
 * Sets a damaged journal aside and puts a new one in its place with what could be saved. Never deletes the damaged one.
 *
 * A file beside the journal (`.recovery`) says that this is under way, from the moment that damage is found to the
 * moment that the new journal is in place: a power cut anywhere in between begins it again, from the damaged file.
 */
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { SalvageReport } from '#gateway/journal/api/damages.js'
import type { BatchHeads } from '#gateway/journal/sqlite/batch-heads.js'
import { Database } from '#gateway/journal/sqlite/database.js'
import { DAMAGE } from '#gateway/journal/sqlite/queries.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { syncFolder, writeDurably } from './lines-file.js'
import { Salvage } from './salvage.js'

const recordSchema = z.strictObject({
  foundAt: z.number(),
  reason: z.string(),
  /** Name of the file in the journal's folder. */
  setAside: z.string().regex(/^[^/]+$/),
})
export type Recovery = z.output<typeof recordSchema>

const FILES = ['-wal', '-shm', ''] as const

/** The recovery that is under way, or was when the power ended. */
export function pendingRecovery(path: string): Recovery | null {
  if (!existsSync(recordPath(path))) return null
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordPath(path), 'utf8')))
  } catch {
    return recoveryOf(path, 'the record of a recovery could not be read', Date.now())
  }
}

/** Makes the next start recover the journal. @param now epoch ms */
export function requestRecovery(path: string, reason: string, now: number): Recovery {
  const recovery = recoveryOf(path, reason, now)
  writeDurably(recordPath(path), `${JSON.stringify(recovery)}\n`)
  return recovery
}

/**
 * Nobody else may have the journal open. When it returns, the new journal is in place and durable.
 * @throws HomebeatError `journal.key-wrong`; the damaged files are set aside then, and the next start tries again
 */
export function recover(path: string, recovery: Recovery, key: Uint8Array, heads: BatchHeads, logger: Logger): void {
  const folder = dirname(path)
  const damaged = join(folder, recovery.setAside)
  for (const suffix of FILES) {
    if (!existsSync(`${path}${suffix}`) || existsSync(`${damaged}${suffix}`)) continue
    renameSync(`${path}${suffix}`, `${damaged}${suffix}`)
    chmodSync(`${damaged}${suffix}`, 0o600)
  }
  syncFolder(folder)
  logger.error(
    { reason: recovery.reason, setAside: damaged },
    'the journal is damaged: it is set aside, and what can be read is saved',
  )

  const fresh = `${path}.salvage`
  let report: SalvageReport
  try {
    report = build(fresh, recovery, damaged, key, heads)
  } catch (error) {
    if (error instanceof HomebeatError && error.code === 'journal.key-wrong') throw error
    logger.error({ err: error }, 'nothing but the heads of the batches could be saved from the damaged journal')
    report = build(fresh, recovery, null, key, heads, (error as Error).message)
  }
  for (const suffix of FILES) rmSync(`${path}${suffix}`, { force: true })
  renameSync(fresh, path)
  syncFolder(folder)
  rmSync(recordPath(path), { force: true })
  syncFolder(folder)
  const { rows, refusedRows, unreadablePages, batchesWithoutRecords, batchesMissing } = report
  logger.error(
    { rows, refusedRows, unreadablePages, batchesWithoutRecords, batchesMissing },
    'a new journal is in use; see homebeat status for what was lost, and take note of it with homebeat journal accept-damage',
  )
}

function build(
  fresh: string,
  { foundAt, reason, setAside }: Recovery,
  damaged: string | null,
  key: Uint8Array,
  heads: BatchHeads,
  failure?: string,
): SalvageReport {
  for (const suffix of FILES) rmSync(`${fresh}${suffix}`, { force: true })
  const database = Database.openWriter(fresh, false)
  try {
    database.ignoreReferences()
    const salvaged = new Salvage(database, key).run(damaged ?? `${fresh}-nothing`, heads.all())
    const report = failure === undefined ? salvaged : { ...salvaged, failure }
    const headKnown = heads.last() === null ? 0 : 1
    database.run(DAMAGE.insert, foundAt, reason, setAside, JSON.stringify(report), headKnown)
    return report
  } finally {
    database.close()
  }
}

function recoveryOf(path: string, reason: string, now: number): Recovery {
  // Colons are no part of a file name that is to be copied to every kind of disk.
  const time = new Date(now).toISOString().replaceAll(':', '-')
  for (let count = 1; ; count++) {
    const setAside = `${basename(path)}.damaged-${time}${count === 1 ? '' : `-${count}`}`
    if (FILES.every((suffix) => !existsSync(join(dirname(path), `${setAside}${suffix}`))))
      return { foundAt: now, reason, setAside }
  }
}

function recordPath(path: string): string {
  return `${path}.recovery`
}
