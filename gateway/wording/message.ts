/** What a message says beside its one line, within what the site allows: for whoever must decide what to do. */
import type { Quality } from '#fhir/measurement.js'
import type { AlertKind, AlertTransition, Priority } from '#gateway/model/alert.js'
import type { NotMonitored } from '#gateway/model/not-monitored.js'
import type { NoticeReason } from '#gateway/model/notification.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import { causeWords } from './cause-words.js'
import { conditionWords, explanationOf } from './explanations.js'
import { notMonitoredWords } from './monitoring-words.js'
import type { PreviewRules } from './preview.js'
import { dateAndTime, durationWords, zoneWords } from './times.js'
import { priorityWords, QUALITY_WORDS } from './words.js'

/** What is known when a message is made. */
export interface Surroundings {
  /** Pseudonym of the home. */
  readonly home: string
  /** Alerts that are not over. */
  readonly open: readonly AlertTransition[]
  /** The score with its gaps in words; left out where there is none, as at a clinic. */
  readonly news2?: string
  readonly notMonitored?: NotMonitored | null
  /** Of the value that caused the alert. */
  readonly quality?: Quality
  /** Whom to call and where to look, as the site wrote it. */
  readonly call?: readonly string[]
  readonly look?: string | undefined
}

const PERSON: Readonly<Record<Priority, string>> = {
  high: 'Look at the person at once, or have somebody look. If their life may be in danger, call the emergency number.',
  medium: 'Look at the person soon, or call them or whoever is with them.',
  low: 'Look at the values when you can; there is no hurry.',
}
const EQUIPMENT: Readonly<Record<Priority, string>> = {
  high: 'Have somebody look at the person and at the equipment at once: meanwhile nobody may know how the person is.',
  medium: 'Have somebody look at the equipment soon: meanwhile something may not be known.',
  low: 'Have somebody look at the equipment when they can.',
}
const TO_DO: Readonly<Record<AlertKind, Readonly<Record<Priority, string>>>> = {
  physiological: PERSON,
  technical: EQUIPMENT,
}
const REHEARSED = 'Say that you know of it, as you would of an alarm. Only that ends the exercise.'
/** Others are still needed, whoever is told for these. */
const ASKS: ReadonlySet<NoticeReason> = new Set(['raised', 'escalated', 'reminder', 'latched'])
const OTHERS_SHOWN = 10

const isUnsetClock = ({ condition }: AlertTransition) => condition.startsWith('clock-unsynchronised')

/** @param at epoch ms of the message @returns paragraphs, a line each; none for a test */
export function messageLines(
  transition: AlertTransition,
  { reason, at }: { readonly reason: NoticeReason; readonly at: number },
  surroundings: Surroundings,
  rules: PreviewRules = {},
): string[] {
  const { home, call = [], look, notMonitored } = surroundings
  if (reason === 'test') return []
  const about = reason === 'digest' ? [] : alarmLines(transition, reason, at, surroundings, rules)
  return [
    `Home: ${rules.label === undefined ? home : `${rules.label} (${home})`}.`,
    ...(notMonitored ? [`${notMonitoredWords(notMonitored)}.`] : []),
    ...about,
    ...(call.length > 0 ? [`Whom to call: ${call.join('; ')}.`] : []),
    ...(look === undefined ? [] : [`Where to look: ${look}`]),
  ]
}

function alarmLines(
  transition: AlertTransition,
  reason: NoticeReason,
  at: number,
  { open, news2, quality = 'good' }: Surroundings,
  rules: PreviewRules,
): string[] {
  const { condition, kind, priority, value, raisedAt } = transition
  const explanation = explanationOf(condition)
  const cause = causeWords(transition)
  return [
    timeLine(transition, at),
    ...(value === undefined
      ? []
      : [rules.value ? `Value: ${cause}.` : 'Value and limit do not stand in messages of this home.']),
    ...(quality === 'good' ? [] : [`Quality of the signal: ${QUALITY_WORDS[quality]}.`]),
    ...(open.some(isUnsetClock) ? ['The clock of the gateway is not set: these times may be wrong.'] : []),
    ...(explanation ? [`What it means: ${explanation.means} ${explanation.notMeans}`] : []),
    ...(ASKS.has(reason) ? [`What to do: ${condition === REHEARSAL ? REHEARSED : TO_DO[kind][priority]}`] : []),
    ...(news2 !== undefined && kind === 'physiological' && rules.value ? [news2] : []),
    othersLine(
      open.filter(
        (other) => other.condition !== REHEARSAL && (other.condition !== condition || other.raisedAt !== raisedAt),
      ),
    ),
  ]
}

function timeLine(transition: AlertTransition, now: number): string {
  const { state, raisedAt, at } = transition
  const since = `${dateAndTime(raisedAt)} (${zoneWords(raisedAt)})`
  const over = state === 'cleared' || state === 'latched'
  const until = over
    ? `, over since ${dateAndTime(at)}, after ${durationWords(at - raisedAt)}`
    : `, for ${durationWords(now - raisedAt)} at ${dateAndTime(now)}`
  return `${priorityWords(transition)}, since ${since}${until}.`
}

function othersLine(others: readonly AlertTransition[]): string {
  if (others.length === 0) return 'Other open alarms: none.'
  const rank = { high: 0, medium: 1, low: 2 } as const
  const shown = [...others].sort((a, b) => rank[a.priority] - rank[b.priority] || a.raisedAt - b.raisedAt)
  const words = shown
    .slice(0, OTHERS_SHOWN)
    .map(
      ({ condition, priority, raisedAt }) =>
        `${conditionWords(condition)} (${priority}, since ${dateAndTime(raisedAt)})`,
    )
  const more = others.length > OTHERS_SHOWN ? `; and ${others.length - OTHERS_SHOWN} more` : ''
  return `Other open alarms: ${words.join('; ')}${more}.`
}
