import type { Commit } from '#gateway/journal/api/commit.js'
import { journalError } from '#gateway/journal/api/errors.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { purgeRules } from '#gateway/journal/retention/purge-rules.js'
import type { LaneRoute } from '#gateway/journal/routing.js'
import { damageStore } from '#gateway/journal/salvage/damages.js'
import { requestRecovery } from '#gateway/journal/salvage/recovery.js'
import { walkRows } from '#gateway/journal/salvage/row-walk.js'
import { UnopenedRows } from '#gateway/journal/salvage/unopened-rows.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { anchorStore } from './anchors.js'
import { BatchHeads } from './batch-heads.js'
import { batchStore } from './batch-store.js'
import type { RowCipher } from './cipher.js'
import { ClockLog } from './clock-log.js'
import { type CommitBounds, CommitGroup, encodeCommit, writeCommits } from './commit.js'
import { Database } from './database.js'
import { epochKeyCopy, epochKeyStore } from './epoch-keys.js'
import { hourlyStore } from './hourly-aggregates.js'
import { loadOrCreateJournalKey } from './journal-key.js'
import type { JournalLock } from './lock.js'
import { manualObservationStore } from './manual-observations.js'
import { lockJournal, logIsThere, openOrRecover, reasonOf } from './opening.js'
import { CHECK } from './queries.js'
import { settingStore } from './setting-changes.js'
import { storedValues } from './stored-values.js'
import { tablesOf } from './tables.js'
import type { UnmappedBounds } from './unmapped.js'

export interface JournalOptions {
  /** The SQLite file; its folder is made (0700) when missing. */
  readonly path: string
  readonly lanes: readonly LaneRoute[]
  readonly clock: Clock
  readonly logger: Logger
  readonly commit: CommitBounds
  /** Room for messages that nobody could read; see `UNMAPPED_BOUNDS`. */
  readonly unmapped?: UnmappedBounds
  /** Damage was found while the journal is in use: nothing is written any more, stop and start again. */
  readonly onDamage?: () => void
}

/**
 * The journal in one SQLite file: WAL, `synchronous=FULL` (a home has no UPS), one writing process. Until `start`, and
 * after `stop`, every store throws `journal.closed`. A damaged journal does not keep the gateway from starting: it is set
 * aside, and what can be read goes on.
 * @throws HomebeatError from `start`: `journal.in-use`, `journal.newer-schema`, `journal.key-missing`,
 * `journal.key-wrong`, `journal.open-failed`, `secret.*`, …
 */
export function journalOf(options: JournalOptions): Journal {
  const { path, lanes, clock, logger, unmapped, onDamage } = options
  const database = new Database(path)
  let keyed: RowCipher | null = null
  const unopened = new UnopenedRows(database, clock, logger)
  const cipher = unopened.watching({
    seal: (plain, context) => (keyed as RowCipher).seal(plain, context),
    open: (sealed, context) => (keyed as RowCipher).open(sealed, context),
  })
  const tables = tablesOf({ database, cipher, lanes, unmapped, clock, logger })
  const heads = new BatchHeads(path)
  const copy = epochKeyCopy(path)
  const group = new CommitGroup(options.commit, clock, (commits) => writeCommits(tables, commits, clock.now()))
  const clockLog = new ClockLog(tables, () => group.flush())
  let lock: JournalLock | null = null
  let damaged = false

  /** Nothing more is written into a damaged file; the next start sets it aside. */
  function found(error: HomebeatError): void {
    if (damaged || !lock) return
    damaged = true
    database.freeze(error)
    logger.error({ err: error }, 'the journal is damaged: the gateway has to start again')
    try {
      requestRecovery(path, reasonOf(error), clock.now())
    } catch (cause) {
      logger.error({ err: cause }, 'the damage could not be noted down')
    }
    onDamage?.()
  }
  database.onDamage = found

  const { measurements, alerts, notifications, alarmActions, outbox, queue } = tables
  return {
    ...{ measurements, alerts, notifications, alarmActions, outbox, queue, clock: clockLog, unmapped: tables.unmapped },
    batches: batchStore(tables, heads, clock, logger),
    anchors: anchorStore(database),
    epochKeys: epochKeyStore(database, copy),
    values: storedValues(database, cipher),
    settings: settingStore(database, cipher),
    manualObservations: manualObservationStore(database, cipher),
    hourly: hourlyStore(database, cipher),
    damages: damageStore(database, clock, unopened),
    scrub: {
      *rows() {
        for (const { rows } of walkRows(database, cipher)) yield rows.length
      },
      done(rows) {
        unopened.keep()
        database.run(CHECK.done, clock.now(), rows)
      },
    },
    retention: {
      purgeRules: purgeRules({ tables, lanes, logger }),
      size: () => database.size(),
      giveBack: (bytes) => database.giveBack(bytes),
    },

    /** Not `async`: one promise for each commit is enough where thousands wait for the same write. */
    commit(commit: Commit) {
      try {
        database.assertOpen()
        return group.add(encodeCommit(clockLog.inTime(commit)))
      } catch (error) {
        return Promise.reject(error)
      }
    },

    async start() {
      if (lock) return
      const held = lockJournal(path)
      try {
        const key = await loadOrCreateJournalKey(path)
        const onUnlocked = (opened: RowCipher) => {
          keyed = opened
          unopened.recall()
        }
        openOrRecover({ tables, lanes, heads, epochKeyCopy: copy, key, onUnlocked, clock, logger }, held)
        held.logIsOpen(logIsThere(path))
      } catch (error) {
        held.release()
        throw journalError(error, path, 'open')
      }
      lock = held
      if (held.afterCrash) logger.warn('the gateway did not stop cleanly last time; the journal was recovered')
    },
    async stop() {
      if (!lock) return
      group.flush()
      if (!damaged) {
        unopened.keep()
        database.checkpoint()
        // Before the log goes: what is left behind says whether it must be there.
        lock.logIsOpen(false)
      }
      database.close()
      damaged = false
      lock.release()
      lock = null
    },
  }
}
