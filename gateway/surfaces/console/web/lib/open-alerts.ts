import type { LiveAlert } from '../../../../model/live.js'
import { shownPriority } from '../../../../model/rehearsal.js'

const RANK = { high: 0, medium: 1, low: 2 } as const
const STANDING = { active: 0, latched: 0, acknowledged: 1, cleared: 2 } as const

/** Of one sensor, the gravest first, whether or not somebody knows of it: what its tile shows. */
export const alertsOfSensor = (alerts: readonly LiveAlert[], of: LiveAlert['sensor']): LiveAlert[] =>
  openAlerts(alerts)
    .filter(({ sensor }) => sensor === of)
    .sort((a, b) => RANK[shownPriority(a)] - RANK[shownPriority(b)])

/** Those that are not over: what asks for somebody first, then by priority, then the newest. */
export const openAlerts = (alerts: readonly LiveAlert[]): LiveAlert[] =>
  alerts
    .filter(({ state }) => state !== 'cleared')
    .sort(
      (a, b) =>
        STANDING[a.state] - STANDING[b.state] ||
        RANK[shownPriority(a)] - RANK[shownPriority(b)] ||
        b.raisedAt - a.raisedAt,
    )
