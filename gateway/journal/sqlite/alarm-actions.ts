import type { AlarmActionStore } from '#gateway/journal/api/alarm-actions.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { Actor } from '#gateway/model/alert.js'
import type { Database } from './database.js'
import { ALARM_ACTIONS } from './queries.js'

interface ActionRow {
  readonly action: string
  readonly at: number
  readonly subjects: string
  readonly by: string
  readonly via: string
  readonly note: string | null
  readonly until: number | null
}

/** What people did to alarms. */
export class AlarmActionLog implements AlarmActionStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Call inside a transaction. */
  add({ action, at, subjects, actor, until }: AlarmAction): void {
    const { by, via, note } = actor
    this.#database.run(ALARM_ACTIONS.add, action, at, JSON.stringify(subjects), by, via, note ?? null, until ?? null)
  }

  latest(limit: number): AlarmAction[] {
    return this.#database.all<ActionRow>(ALARM_ACTIONS.latest, limit).map(toAction)
  }
}

function toAction(row: ActionRow): AlarmAction {
  const { by, note } = row
  return {
    action: row.action as AlarmAction['action'],
    at: row.at,
    subjects: JSON.parse(row.subjects) as string[],
    actor: { by, via: row.via as Actor['via'], ...(note !== null && { note }) },
    ...(row.until !== null && { until: row.until }),
  }
}
