import type { AlertTransition } from '#gateway/model/alert.js'
import type { Notification } from '#gateway/model/notification.js'

/** Transitions as a commit has them, with a notification of each for these channels. */
export function told(
  transitions: readonly AlertTransition[],
  channels: readonly string[] = ['doctor', 'terminal'],
): { readonly transitions: readonly AlertTransition[]; readonly notifications: readonly Notification[] } {
  return {
    transitions,
    notifications: transitions.flatMap(({ alertId, state, at }) =>
      channels.map((channel) => ({
        key: `${alertId}:${state}:${at}:${channel}`,
        alertId,
        reason: state === 'active' ? ('raised' as const) : state,
        channel,
        at,
      })),
    ),
  }
}
