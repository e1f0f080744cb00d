import { explanationOf } from '#gateway/wording/explanations.js'
import type { LiveAlert } from '../../../../model/live.js'
import { shownPriority } from '../../../../model/rehearsal.js'
import { clockTime, timeSeenFrom } from '../../../../wording/times.js'
import { conditionWords, durationWords, priorityWords } from '../../../../wording/words.js'
import { PriorityIcon } from './icons.js'

export const SILENCE_MINUTES = 10

export interface AlertActs {
  readonly acknowledge: (alertId: string) => void
  readonly silence: (alertId: string) => void
  /** Disabled while an act is under way, or the gateway is out of reach. */
  readonly disabled: boolean
}

/** @param acts left out where nobody can act: the alert is over. */
export function AlertRow({ alert, now, acts }: { alert: LiveAlert; now: number; acts?: AlertActs }) {
  const isOpen = alert.state !== 'cleared'
  const unattended = alert.state === 'active' || alert.state === 'latched'
  const look = !isOpen ? 'alert-cleared' : `alert-${shownPriority(alert)}${unattended ? '' : ' alert-known'}`
  const explanation = isOpen ? explanationOf(alert.condition) : null
  const what = conditionWords(alert.condition)
  return (
    <li class={`alert ${look}`} data-alert={alert.condition} data-state={alert.state}>
      <PriorityIcon priority={isOpen ? shownPriority(alert) : 'none'} />
      <div class="alert-body">
        <p class="alert-top">
          <span class="alert-priority">{isOpen ? priorityWords(alert) : 'Cleared'}</span>
          {alert.kind === 'technical' && <span class="tag">technical</span>}
        </p>
        <p class="alert-what">{what}</p>
        <p class="alert-when">{whenWords(alert, now)}</p>
        {alert.limit && (
          <p class="alert-when">
            Limit {alert.limit}
            {alert.worst && `, worst ${alert.worst}`}
          </p>
        )}
        <p class="alert-state">{stateWords(alert)}</p>
        <p class="alert-when">
          {alert.deliveredTo.length > 0 ? `Delivered to ${alert.deliveredTo.join(', ')}` : 'Not delivered yet'}
        </p>
        {explanation && (
          <details class="alert-why">
            <summary>What this means</summary>
            <p>{explanation.means}</p>
            <p>{explanation.notMeans}</p>
          </details>
        )}
        {acts && unattended && (
          <div class="alert-acts">
            <button
              type="button"
              class="button button-main"
              disabled={acts.disabled}
              aria-label={`Acknowledge: ${what}`}
              onClick={() => acts.acknowledge(alert.alertId)}
            >
              Acknowledge
            </button>
            <button
              type="button"
              class="button"
              disabled={acts.disabled}
              aria-label={`Silence for ${SILENCE_MINUTES} minutes: ${what}`}
              onClick={() => acts.silence(alert.alertId)}
            >
              Silence {SILENCE_MINUTES} min
            </button>
          </div>
        )}
      </div>
    </li>
  )
}

function whenWords(alert: LiveAlert, now: number): string {
  const { state, raisedAt, at } = alert
  const span = `${timeSeenFrom(raisedAt, now)} to ${timeSeenFrom(at, now)}`
  if (state === 'cleared') return `${span} (${durationWords(at - raisedAt)}), ${priorityWords(alert).toLowerCase()}`
  if (state === 'latched') return span
  return `Since ${timeSeenFrom(raisedAt, now)} (${durationWords(now - raisedAt)})`
}

function stateWords({ state, acknowledged, silencedUntil }: LiveAlert): string {
  const known = acknowledged && `cknowledged by ${acknowledged.by} at ${clockTime(acknowledged.at)}`
  if (state === 'cleared') return known ? `A${known}` : 'Nobody acknowledged it'
  if (state === 'acknowledged') return known ? `A${known}` : 'Acknowledged'
  const standing = state === 'latched' ? 'Over, not acknowledged' : 'Not acknowledged'
  return silencedUntil === undefined ? standing : `${standing}, silenced until ${clockTime(silencedUntil)}`
}
