import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { damaged, isDamage, journalError } from '#gateway/journal/api/errors.js'
import { type LaneRoute, lanesOwed } from '#gateway/journal/routing.js'
import { NOTHING_SALVAGED } from '#gateway/journal/salvage/damages.js'
import type { LinesFile } from '#gateway/journal/salvage/lines-file.js'
import { pendingRecovery, type Recovery, recover, requestRecovery } from '#gateway/journal/salvage/recovery.js'
import { logIsDamaged } from '#gateway/journal/salvage/sqlite-pages.js'
import { laneKey } from '#gateway/model/lane.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { BatchHeads } from './batch-heads.js'
import type { RowCipher } from './cipher.js'
import { reconcileEpochKeys } from './epoch-keys.js'
import { JournalLock } from './lock.js'
import { DAMAGE } from './queries.js'
import { requeue } from './requeue.js'
import type { Tables } from './tables.js'
import { unlock } from './unlock.js'

export interface OpeningOptions {
  readonly tables: Tables
  readonly lanes: readonly LaneRoute[]
  /** Beside the journal: the heads of its batches, and its second copy of the epoch keys. */
  readonly heads: BatchHeads
  readonly epochKeyCopy: LinesFile
  /** The journal's key, 32 bytes. */
  readonly key: Uint8Array
  /** Given the cipher of the journal before anything sealed is read. */
  readonly onUnlocked: (cipher: RowCipher) => void
  readonly clock: Clock
  readonly logger: Logger
}

export function lockJournal(path: string): JournalLock {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return JournalLock.acquire(path)
  } catch (error) {
    throw journalError(error, path, 'open')
  }
}

/**
 * Opens the journal; one that is damaged is set aside, and what can be read goes on. A log that was removed is noted.
 * @param lock its last holder may not have stopped cleanly
 */
export function openOrRecover(options: OpeningOptions, lock: Pick<JournalLock, 'afterCrash' | 'logWasOpen'>): void {
  const { tables, key, heads, clock, logger } = options
  const { path } = tables.database
  const suspect = lock.afterCrash
  const logIsGone = lock.logWasOpen && size(path) > 0 && !logIsThere(path)
  const pending = pendingRecovery(path) ?? lookForDamage(path, suspect, clock)
  if (pending) recover(path, pending, key, heads, logger)
  try {
    open(options, suspect && !pending, pending !== null)
  } catch (error) {
    if (pending || !(error instanceof HomebeatError) || !isDamage(error)) throw error
    recover(path, requestRecovery(path, reasonOf(error), clock.now()), key, heads, logger)
    open(options, false, true)
  }
  if (logIsGone && !pending) {
    logger.error('the log of the journal was removed: what was committed last may be missing')
    const reason = 'its log (-wal) was removed: readings, alerts and acts of its last hour or so may be missing'
    tables.database.run(DAMAGE.insert, clock.now(), reason, '', JSON.stringify(NOTHING_SALVAGED), 1)
  }
}

export function logIsThere(path: string): boolean {
  return size(`${path}-wal`) > 0
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** Finds the damage that SQLite would take for an empty or shorter journal without a word. */
function lookForDamage(path: string, suspect: boolean, clock: Clock): Recovery | null {
  if (size(path) === 0 && logIsThere(path))
    return requestRecovery(path, 'the file is empty, its log is not', clock.now())
  if (suspect && logIsDamaged(path)) return requestRecovery(path, 'the log is damaged before its end', clock.now())
  return null
}

function open(options: OpeningOptions, suspect: boolean, recovered: boolean): void {
  const { tables, lanes, heads, epochKeyCopy, key, onUnlocked, clock, logger } = options
  const { database, outbox, measurements } = tables
  database.openWriter(suspect)
  try {
    onUnlocked(unlock(database, key, logger))
    compareHeads(tables, heads)
    reconcileEpochKeys(database, epochKeyCopy)
    outbox.recover()
    if (recovered) requeue(tables, lanes, clock.now())
    else catchUp(tables, lanes, logger)
    measurements.recount()
  } catch (error) {
    database.close()
    throw error
  }
}

/** The file of heads knows of a later batch: commits that were told to be durable are lost. */
function compareHeads({ batches, database }: Tables, heads: BatchHeads): void {
  const stored = batches.last()?.number ?? 0
  const kept = heads.last()?.header.number ?? 0
  if (kept > stored)
    throw damaged(database.path, new Error(`batch ${kept} was closed, the last one in it is ${stored}`))
  heads.trim()
  heads.append(...batches.headsAfter(kept))
}

/** Gives lanes that are new, or were away, the batches closed without them: those still held, in order. */
function catchUp({ database, batches, outbox }: Tables, routes: readonly LaneRoute[], logger: Logger): void {
  for (const lane of lanesOwed(routes, 'batch')) {
    const owed = batches.owedTo(lane)
    if (owed.length === 0) continue
    database.transaction(() => {
      for (const number of owed) outbox.add(lane, 'batch', number)
    })
    logger.info({ lane: laneKey(lane), batches: owed.length }, 'a lane gets the batches that were closed without it')
  }
}

export function reasonOf(error: HomebeatError): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
