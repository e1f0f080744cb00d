/** How it is said that somebody is not monitored. */
import type { NotMonitored, PauseReason } from '#gateway/model/not-monitored.js'
import { dateAndTime } from './times.js'

export const PAUSE_WORDS: Readonly<Record<PauseReason, string>> = {
  bath: 'in the bath',
  away: 'away',
  hospital: 'in hospital',
  deceased: 'deceased',
}

/** `Not monitored: in the bath, until 2026-01-01 12:00:00, said by nurse-1 (…)` */
export function notMonitoredWords({ reason, actor, since, until }: NotMonitored): string {
  const note = actor.note === undefined ? '' : `, "${actor.note}"`
  return `Not monitored: ${PAUSE_WORDS[reason]}, since ${dateAndTime(since)} until ${dateAndTime(until)}, said by ${actor.by}${note}`
}
