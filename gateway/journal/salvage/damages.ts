import { dirname, join } from 'node:path'
import type { DamageStore } from '#gateway/journal/api/damages.js'
import type { Database } from '#gateway/journal/sqlite/database.js'
import { DAMAGE } from '#gateway/journal/sqlite/queries.js'
import type { Clock } from '#gateway/platform/clock.js'

interface DamageRow {
  readonly foundAt: number
  readonly reason: string
  readonly setAside: string
  readonly report: string
}

export function damageStore(database: Database, clock: Clock): DamageStore {
  return {
    open: () =>
      database.all<DamageRow>(DAMAGE.open).map(({ foundAt, reason, setAside, report }) => ({
        foundAt,
        reason,
        setAside: join(dirname(database.path), setAside),
        report: JSON.parse(report),
      })),
    accept: () => database.run(DAMAGE.accept, clock.now()).changes,
  }
}
