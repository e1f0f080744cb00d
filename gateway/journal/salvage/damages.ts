import { dirname, join } from 'node:path'
import type { JournalDamage } from '#gateway/journal/api/journal.js'
import type { Database } from '#gateway/journal/sqlite/database.js'
import { DAMAGE } from '#gateway/journal/sqlite/queries.js'

interface DamageRow {
  readonly foundAt: number
  readonly reason: string
  readonly setAside: string
  readonly report: string
}

/** What was lost and not accepted yet. */
export function openDamages(database: Database): JournalDamage[] {
  return database.all<DamageRow>(DAMAGE.open).map(({ foundAt, reason, setAside, report }) => ({
    foundAt,
    reason,
    setAside: join(dirname(database.path), setAside),
    report: JSON.parse(report),
  }))
}
