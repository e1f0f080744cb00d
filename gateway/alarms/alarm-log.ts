/** The alarm log for people: what happened to alarms, what people did, and whom they reached, in one order of time. */

import type { AlertDelivery } from '#gateway/journal/api/alerts.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { AlertTransition } from '#gateway/model/alert.js'

export type LogEntry =
  | ({ readonly type: 'transition' } & AlertTransition)
  | ({ readonly type: 'action' } & AlarmAction)
  | ({ readonly type: 'delivery'; readonly at: number; readonly alertId: string; readonly condition: string } & Pick<
      AlertDelivery,
      'channel' | 'contact' | 'reason'
    >)

/** The latest `limit` entries, oldest first. */
export function alarmLog(journal: Pick<Journal, 'alerts' | 'alarmActions'>, limit: number): LogEntry[] {
  const transitions = journal.alerts.latest(limit).reverse()
  const actions = journal.alarmActions.latest(limit).reverse()
  const entries: LogEntry[] = [
    ...transitions.map((transition) => ({ type: 'transition' as const, ...transition })),
    ...actions.map((action) => ({ type: 'action' as const, ...action })),
    ...journal.alerts.deliveries(limit).map(({ transition, channel, contact, reason, deliveredAt }) => ({
      ...{ type: 'delivery' as const, at: deliveredAt, alertId: transition.alertId, condition: transition.condition },
      ...{ channel, reason },
      ...(contact !== undefined && { contact }),
    })),
  ]
  // Stable: what happened at the same millisecond stays in the order alarm, act, delivery.
  return entries.sort((a, b) => a.at - b.at).slice(-limit)
}
