/** How a report is said to people; the same on the page and on the terminal. */
import { PAUSE_WORDS } from '#gateway/wording/monitoring-words.js'
import { dateAndTime, durationWords } from '#gateway/wording/times.js'
import type { HomeReport } from './report.js'

export function stateWords({ state, gateway, silentSeconds }: HomeReport): string {
  const stopped = gateway?.state === 'stopping'
  switch (state) {
    case 'missing':
      return `${stopped ? 'stopped, not started again' : 'silent'} for ${durationWords(silentSeconds * 1000)}`
    case 'late':
      return stopped ? 'stopped in order' : 'late'
    case 'awaited':
      return 'never heard'
    default:
      if (stopped) return 'stopped in order'
      if (gateway?.healthy === false) return 'does not keep watch'
      return gateway?.notMonitored ? 'present, not monitored' : 'present'
  }
}

const REASONS: Readonly<Record<string, string>> = {
  'tick-stalled': 'its inner loop stands still',
  'commit-refused': 'its disk refuses readings',
  'journal-unreadable': 'its journal cannot be read',
  'number-not-stored': 'its disk takes no writes',
  'no-source': 'no kit and no broker is connected',
}

/** What needs a look, beside silence. */
export function remarks({ gateway }: HomeReport): string[] {
  if (!gateway) return []
  const { reasons, journal, clockOff, clockSkewSeconds, oldestSeconds, notMonitored } = gateway
  const waiting = Math.max(...Object.values(oldestSeconds).map((seconds) => seconds ?? 0))
  return [
    ...(notMonitored ? [notMonitoredAt(notMonitored)] : []),
    ...reasons.map((reason) => REASONS[reason] ?? reason),
    ...(journal === 'damaged' ? ['its journal was damaged'] : []),
    ...(clockOff
      ? [
          Math.abs(clockSkewSeconds) > 5
            ? `its clock is ${durationWords(Math.abs(clockSkewSeconds) * 1000)} off`
            : 'its clock cannot be trusted',
        ]
      : []),
    ...(waiting >= WORTH_SAYING_SECONDS
      ? [`something has waited ${durationWords(waiting * 1000)} to be delivered`]
      : []),
  ]
}

/** Reasons of later versions as they are. */
const notMonitoredAt = ({ reason, until }: { reason: string; until: string }) =>
  `not monitored: ${(PAUSE_WORDS as Readonly<Record<string, string>>)[reason] ?? reason}, until ${dateAndTime(Date.parse(until))}`

const WORTH_SAYING_SECONDS = 1800

/** "2 high, 1 low", or "none"; of a home that is silent, what it said last. */
export function alarmCounts({ gateway, state }: HomeReport): string {
  if (!gateway) return '–'
  const { physiological, technical } = gateway.alerts
  const counts = (['high', 'medium', 'low'] as const).flatMap((priority) => {
    const count = physiological[priority] + technical[priority]
    return count > 0 ? [`${count} ${priority}`] : []
  })
  return `${counts.join(', ') || 'none'}${state === 'missing' ? ' when last heard' : ''}`
}
