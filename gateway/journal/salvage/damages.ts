import { dirname, join } from 'node:path'
import type { DamageStore, JournalCheckDone, SalvageReport } from '#gateway/journal/api/damages.js'
import type { Database } from '#gateway/journal/sqlite/database.js'
import { CHECK, DAMAGE, UNOPENED } from '#gateway/journal/sqlite/queries.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { UnopenedRows } from './unopened-rows.js'

interface DamageRow {
  readonly foundAt: number
  readonly reason: string
  readonly setAside: string
  readonly report: string
}

/** Named in one sentence; `homebeat journal check` names more. */
const NAMED = 5

export const NOTHING_SALVAGED: SalvageReport = {
  ...{ rows: {}, refusedRows: 0, unreadablePages: 0 },
  ...{ batchesWithoutRecords: [], batchesFromHeads: [], batchesMissing: [] },
}

/** @param unopened of a writer */
export function damageStore(database: Database, clock: Clock, unopened?: UnopenedRows): DamageStore {
  return {
    open() {
      unopened?.keep()
      const damages = database.all<DamageRow>(DAMAGE.open).map(({ foundAt, reason, setAside, report }) => ({
        foundAt,
        reason,
        setAside: setAside === '' ? null : join(dirname(database.path), setAside),
        report: JSON.parse(report) as SalvageReport,
      }))
      const { count, foundAt } = database.get<{ count: number; foundAt: number }>(UNOPENED.count) ?? {
        count: 0,
        foundAt: 0,
      }
      if (count === 0) return damages
      const names = database.all<{ name: string }>(UNOPENED.some, NAMED).map(({ name }) => name)
      const reason = `${count} sealed rows do not open and are left out: ${names.join(', ')}${count > NAMED ? ', …' : ''}`
      return [...damages, { foundAt, reason, setAside: null, report: { ...NOTHING_SALVAGED, refusedRows: count } }]
    },
    accept() {
      unopened?.keep()
      const rows = database.run(UNOPENED.accept, clock.now()).changes
      return database.run(DAMAGE.accept, clock.now()).changes + (rows > 0 ? 1 : 0)
    },
    lastCheck: () => database.get<JournalCheckDone>(CHECK.last) ?? null,
  }
}
