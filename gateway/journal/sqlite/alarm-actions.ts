import type { AlarmActionStore } from '#gateway/journal/api/alarm-actions.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { Actor } from '#gateway/model/alert.js'
import type { Database } from './database.js'
import { ALARM_ACTIONS } from './queries.js'

interface ActionRow {
  readonly action: AlarmAction['action']
  readonly at: number
  readonly subjects: string
  readonly by: string
  readonly via: Actor['via']
  readonly note: string | null
  readonly until: number | null
}

/** What people did to alarms. */
export function alarmActionLog(database: Database) {
  return {
    /** Call inside a transaction. */
    add({ action, at, subjects, actor: { by, via, note }, until }: AlarmAction): void {
      database.run(ALARM_ACTIONS.add, action, at, JSON.stringify(subjects), by, via, note ?? null, until ?? null)
    },
    latest: (limit: number) => database.all<ActionRow>(ALARM_ACTIONS.latest, limit).map(toAction),
    lastPause: () => database.all<ActionRow>(ALARM_ACTIONS.lastPause).map(toAction)[0] ?? null,
  } satisfies AlarmActionStore & Record<string, unknown>
}

function toAction({ action, at, subjects, by, via, note, until }: ActionRow): AlarmAction {
  return {
    ...{ action, at, subjects: JSON.parse(subjects) as string[] },
    actor: { by, via, ...(note !== null && { note }) },
    ...(until !== null && { until }),
  }
}
