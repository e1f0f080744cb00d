import { dirname, join } from 'node:path'
import type { DamageStore, JournalCheckDone, JournalDamage, SalvageReport } from '#gateway/journal/api/damages.js'
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

/** Named in one sentence; `homebeat journal check` names all. */
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
      const rows = database.all<{ name: string; foundAt: number }>(UNOPENED.open)
      return rows[0] ? [...damages, unopenedDamage(rows[0].foundAt, rows)] : damages
    },
    accept() {
      unopened?.keep()
      const rows = database.run(UNOPENED.accept, clock.now()).changes
      return database.run(DAMAGE.accept, clock.now()).changes + (rows > 0 ? 1 : 0)
    },
    lastCheck: () => database.get<JournalCheckDone>(CHECK.last) ?? null,
  }
}

function unopenedDamage(foundAt: number, rows: readonly { readonly name: string }[]): JournalDamage {
  const names = rows.slice(0, NAMED).map(({ name }) => name)
  const reason = `${rows.length} sealed rows do not open and are left out: ${names.join(', ')}${rows.length > NAMED ? ', …' : ''}`
  return { foundAt, reason, setAside: null, report: { ...NOTHING_SALVAGED, refusedRows: rows.length } }
}
