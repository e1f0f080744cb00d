import type { AlertTransition } from '#gateway/model/alert.js'
import { type Recipient, recipientKey } from '#gateway/model/lane.js'
import type { Notification } from '#gateway/model/notification.js'

/** Transitions as a commit has them, with a notification of each for these channels and contacts. */
export function told(
  transitions: readonly AlertTransition[],
  recipients: readonly (string | Recipient)[] = ['doctor', 'terminal'],
): { readonly transitions: readonly AlertTransition[]; readonly notifications: readonly Notification[] } {
  return {
    transitions,
    notifications: transitions.flatMap(({ alertId, state, at }) =>
      recipients
        .map((one) => (typeof one === 'string' ? { channel: one } : one))
        .map((recipient) => ({
          key: `${alertId}:${state}:${at}:${recipientKey(recipient)}`,
          alertId,
          reason: state === 'active' ? ('raised' as const) : state,
          ...recipient,
          at,
        })),
    ),
  }
}
