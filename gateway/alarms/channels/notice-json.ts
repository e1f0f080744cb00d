import { REHEARSAL } from '#gateway/model/rehearsal.js'
import type { AlertNotice } from './channel.js'

/** A notice for programs; `test/fixtures/alerts/webhook-notice.json` holds an example. Times are ISO 8601, UTC. */
export function noticeJson(notice: AlertNotice): object {
  const { alertId, condition, priority, kind, state, reason, at, raisedAt, home, preview } = notice
  const { details, contact, until, acknowledgeUrl } = notice
  return {
    type: 'homebeat-alert',
    version: 1,
    alertId,
    condition,
    priority,
    ...(condition === REHEARSAL && { rehearsal: true }),
    kind,
    state,
    reason,
    at: new Date(at).toISOString(),
    raisedAt: new Date(raisedAt).toISOString(),
    home,
    preview,
    ...(details !== undefined && { details }),
    ...(contact !== undefined && { contact }),
    ...(until !== undefined && { until: new Date(until).toISOString() }),
    ...(acknowledgeUrl !== undefined && { acknowledgeUrl }),
  }
}
