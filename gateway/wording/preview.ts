import type { AlertTransition } from '#gateway/model/alert.js'
import type { Telling } from '#gateway/model/notification.js'
import { causeWords } from './cause-words.js'
import { conditionWords } from './explanations.js'
import { timeOfDay, timeSeenFrom } from './times.js'
import { priorityMark } from './words.js'

/** What a site allows a preview to say; by default it says neither. */
export interface PreviewRules {
  /** The causing value and the limit it crossed. */
  readonly value?: boolean
  /** What people call the home. */
  readonly label?: string | undefined
}

/**
 * One line for a locked screen: what it is and since when, in the home's local time; by default no value and no name.
 */
export function previewOf(transition: AlertTransition, telling: Telling, rules: PreviewRules = {}): string {
  const text = textOf(transition, telling, rules)
  return rules.label === undefined ? text : `${rules.label}: ${text}`
}

function textOf(transition: AlertTransition, telling: Telling, rules: PreviewRules): string {
  if (telling.reason === 'test') return 'TEST: this is how an alert would reach you'
  return telling.reason === 'digest' ? digestOf(telling.covers ?? [transition]) : lineOf(transition, telling, rules)
}

function lineOf(transition: AlertTransition, { reason, until, at }: Telling, rules: PreviewRules): string {
  const words = conditionWords(transition.condition) + causeOf(transition, rules)
  const since = timeSeenFrom(transition.raisedAt, at ?? transition.at)
  const priority = priorityMark(transition).toUpperCase()
  switch (reason) {
    case 'cleared':
      return `CLEARED: ${words} (active from ${since} to ${timeOfDay(transition.at)})`
    case 'acknowledged':
      return `ACKNOWLEDGED: ${words} (since ${since}, by ${transition.actor?.by ?? 'somebody'} at ${timeOfDay(transition.at)})`
    case 'latched':
      return `OVER, NOT ACKNOWLEDGED: ${words} (active from ${since} to ${timeOfDay(transition.at)})`
    case 'silenced':
      return `SILENCED until ${timeOfDay(until ?? transition.at)}: ${words} (active since ${since})`
    case 'reminder':
      return `REMINDER, ${priority}: ${words} (active since ${since}, nobody has acknowledged)`
    case 'escalated':
      return `ESCALATED, ${priority}: ${words} (active since ${since}, nobody has acknowledged)`
    default:
      return `${priority}: ${words} (active since ${since})`
  }
}

/** Names each condition once, with how often it came and when it came last. */
function digestOf(alerts: readonly AlertTransition[]): string {
  const byCondition = new Map<string, AlertTransition[]>()
  for (const alert of alerts) byCondition.set(alert.condition, [...(byCondition.get(alert.condition) ?? []), alert])
  const lines = [...byCondition].map(([condition, episodes]) => {
    const latest = Math.max(...episodes.map(({ raisedAt }) => raisedAt))
    const times =
      episodes.length === 1 ? `at ${timeOfDay(latest)}` : `${episodes.length} times, last at ${timeOfDay(latest)}`
    const open = episodes.some(({ state }) => state !== 'cleared') ? ', not over yet' : ''
    return `- ${conditionWords(condition)}, ${times}${open}`
  })
  return [`${alerts.length === 1 ? 'One alert' : `${alerts.length} alerts`} of low priority:`, ...lines].join('\n')
}

function causeOf(transition: AlertTransition, rules: PreviewRules): string {
  if (rules.value !== true || transition.value === undefined) return ''
  return `${transition.condition.startsWith('lost-') ? ',' : ' at'} ${causeWords(transition)}`
}
