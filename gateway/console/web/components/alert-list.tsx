import type { GatewayStatus, LiveAlert } from '../../feed.js'
import { conditionWords, durationWords, PRIORITY_WORDS } from '../../words.js'
import { timeOfDay } from '../lib/hooks.js'
import { Card } from './card.js'
import { PriorityIcon } from './icons.js'

const RANK = { high: 0, medium: 1, low: 2 } as const
const CLEARED_SHOWN = 6

export function AlertList({ status, now }: { status: GatewayStatus | null; now: number }) {
  const alerts = status?.alerts ?? []
  const active = alerts
    .filter((alert) => alert.state !== 'cleared')
    .sort((a, b) => RANK[a.priority] - RANK[b.priority] || b.raisedAt - a.raisedAt)
  const cleared = alerts
    .filter((alert) => alert.state === 'cleared')
    .sort((a, b) => b.at - a.at)
    .slice(0, CLEARED_SHOWN)
  return (
    <Card title="Alerts" aside={active.length === 0 ? 'none active' : `${active.length} active`} class="alerts">
      {active.length === 0 && (
        <p class="alerts-none">
          <PriorityIcon priority="none" />
          {status ? 'No active alert.' : 'Not known yet.'}
        </p>
      )}
      <ul class="alert-list">
        {active.map((alert) => (
          <Row key={alert.alertId} alert={alert} now={now} />
        ))}
      </ul>
      {cleared.length > 0 && (
        <details class="cleared" open={active.length === 0}>
          <summary>Cleared ({cleared.length})</summary>
          <ul class="alert-list">
            {cleared.map((alert) => (
              <Row key={alert.alertId} alert={alert} now={now} />
            ))}
          </ul>
        </details>
      )}
    </Card>
  )
}

function Row({ alert, now }: { alert: LiveAlert; now: number }) {
  const isActive = alert.state !== 'cleared'
  return (
    <li class={`alert ${isActive ? `alert-${alert.priority}` : 'alert-cleared'}`} data-alert={alert.condition}>
      <PriorityIcon priority={isActive ? alert.priority : 'none'} />
      <div>
        <p class="alert-top">
          <span class="alert-priority">{isActive ? PRIORITY_WORDS[alert.priority] : 'Cleared'}</span>
          {alert.kind === 'technical' && <span class="tag">technical</span>}
        </p>
        <p class="alert-what">{conditionWords(alert.condition)}</p>
        <p class="alert-when">
          {isActive
            ? `Since ${timeOfDay(alert.raisedAt)} (${durationWords(now - alert.raisedAt)})`
            : `${timeOfDay(alert.raisedAt)} to ${timeOfDay(alert.at)}, ${PRIORITY_WORDS[alert.priority].toLowerCase()}`}
        </p>
        <p class="alert-when">
          {alert.deliveredTo.length > 0 ? `Delivered to ${alert.deliveredTo.join(', ')}` : 'Not delivered yet'}
        </p>
      </div>
    </li>
  )
}
