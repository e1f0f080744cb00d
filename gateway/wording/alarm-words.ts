import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { AlarmExplanation, LimitOrigin, Neighbour, ShownValue } from '#gateway/model/alarm-explanation.js'
import type { NotificationReason, Told } from '#gateway/model/notification.js'
import { limitWords, withUnit } from './cause-words.js'
import { conditionWords } from './explanations.js'
import { durationWords } from './times.js'
import { priorityWords, QUALITY_WORDS, remarkWords } from './words.js'

const REASONS: Readonly<Record<NotificationReason, string>> = {
  raised: 'that it began',
  escalated: 'because nobody had acknowledged',
  reminder: 'again, because nobody had acknowledged',
  acknowledged: 'that somebody knows',
  latched: 'that it has gone, but waits for somebody',
  silenced: 'to be silent for a while',
  cleared: 'that it is over',
  digest: 'later, with others',
}

const ACTIONS: Readonly<Record<AlarmAction['action'], string>> = {
  acknowledge: 'acknowledged it',
  silence: 'silenced it',
  inhibit: 'inhibited alarms',
  release: 'let alarms be raised again',
  escalate: 'asked for the next in the chain',
  pause: 'said that nobody is to be watched',
  resume: 'said that the person is watched again',
  rehearse: 'asked for a rehearsal of the alarm',
}

/**
 * Why there was an alarm, in plain words: a paragraph for each question. @param time writes a moment. @param now epoch
 * ms
 */
export function explainWords(alarm: AlarmExplanation, time: (at: number) => string, now: number): string {
  const sections: [string, string[]][] = [
    ['What it means', alarm.meaning ? [alarm.meaning.means, alarm.meaning.notMeans, `(${alarm.meaning.source})`] : []],
    ['Why it was raised', causeLines(alarm, time)],
    ['How long', [lengthLine(alarm, time, now)]],
    ['What else was going on', [...alarm.around.alarms.map((one) => neighbourLine(one, alarm.raisedAt, time))]],
    ['Other values at that time', alarm.around.values.map((value) => valueLine(value, alarm.raisedAt))],
    [
      'Who was told',
      alarm.told.length > 0 ? alarm.told.map((one) => toldLine(one, time)) : ['Nobody: no channel is told of it.'],
    ],
    ['Who acted', alarm.actions.length > 0 ? alarm.actions.map((one) => actionLine(one, time)) : ['Nobody yet.']],
  ]
  const head = `${alarm.words} (${priorityWords(alarm).toLowerCase()}, ${alarm.kind})  [${alarm.alertId}]`
  const body = sections.flatMap(([title, lines]) =>
    lines.length > 0 ? ['', title, ...lines.map((line) => `  ${line}`)] : [],
  )
  return `${[head, ...body].join('\n')}\n`
}

function causeLines({ cause, kind }: AlarmExplanation, time: (at: number) => string): string[] {
  const { value, unit, limit, limitOrigin, delaySeconds, measured } = cause
  const lines: string[] = []
  if (value !== undefined) lines.push(`The value was ${withUnit(value, unit)}.`)
  if (limit)
    lines.push(
      `The limit is ${limitWords(limit, unit)}${limitOrigin ? `: ${originWords(limitOrigin, unit, time)}` : ''}.`,
    )
  if (delaySeconds !== null)
    lines.push(
      delaySeconds > 0
        ? `It was known to hold for ${delaySeconds} s before the alarm was raised.`
        : 'It is raised at once, by the first such value.',
    )
  if (measured) {
    const remarks = measured.remarks.length > 0 ? ` (${measured.remarks.map(remarkWords).join(', ')})` : ''
    lines.push(
      `Measured at ${time(measured.at)} as ${measured.what}; quality of the signal: ${QUALITY_WORDS[measured.quality]}${remarks}.`,
    )
  } else if (kind === 'technical') lines.push('It is about the equipment, so no measured value is behind it.')
  else lines.push('The measurement behind it is not stored here any more.')
  return lines
}

function originWords(origin: LimitOrigin, unit: string, time: (at: number) => string): string {
  switch (origin.from) {
    case 'default':
      return `the default of this gateway, after ${origin.source}`
    case 'configuration':
      return `set for this home in its configuration; the default is ${withUnit(origin.default, unit)}`
    case 'clinician':
      return `changed by ${origin.by} at ${time(origin.at)}${origin.note === undefined ? '' : `, "${origin.note}"`}`
    case 'unknown':
      return 'as it was set then; it has been changed since'
  }
}

function lengthLine({ raisedAt, endedAt, state }: AlarmExplanation, time: (at: number) => string, now: number): string {
  if (endedAt !== null) return `From ${time(raisedAt)} to ${time(endedAt)} (${durationWords(endedAt - raisedAt)}).`
  if (state === 'latched') return `Raised at ${time(raisedAt)}; it has gone, but nobody has acknowledged it.`
  return `Since ${time(raisedAt)} (${durationWords(now - raisedAt)}), and not over.`
}

function neighbourLine(
  { condition, kind, raisedAt, endedAt }: Neighbour,
  at: number,
  time: (at: number) => string,
): string {
  const about = kind === 'technical' ? ' (equipment)' : ''
  const since = raisedAt <= at ? `${durationWords(at - raisedAt)} before` : `${durationWords(raisedAt - at)} after`
  return `${conditionWords(condition)}${about}: began ${since}, ${endedAt === null ? 'not over' : `over at ${time(endedAt)}`}`
}

function valueLine({ what, value, at, quality }: ShownValue, raisedAt: number): string {
  const apart = Math.abs(at - raisedAt)
  const when = apart < 1000 ? 'at the same moment' : `${durationWords(apart)} ${at < raisedAt ? 'before' : 'after'}`
  return `${what}: ${value} (${when}${quality === 'good' ? '' : `, ${QUALITY_WORDS[quality]}`})`
}

function toldLine(
  { channel, contact, reason, at, deliveredAt, rejected, trouble }: Told,
  time: (at: number) => string,
): string {
  const who = contact === undefined ? `Channel ${channel}` : `${contact} by ${channel}`
  const why = trouble === undefined ? '' : `: ${trouble}`
  const became =
    deliveredAt !== null
      ? `told at ${time(deliveredAt)}`
      : rejected
        ? `could not be told (since ${time(at)})${why}`
        : `not told yet (since ${time(at)})${why}`
  return `${who}: ${became}, ${REASONS[reason]}`
}

function actionLine(
  { action, at, actor: { by, via, note }, until }: AlarmAction,
  time: (at: number) => string,
): string {
  const end = until === undefined ? '' : ` until ${time(until)}`
  return `${by} ${ACTIONS[action]}${end} at ${time(at)}, by ${via}${note === undefined ? '' : `: "${note}"`}`
}
