/** How it is said what became of a rehearsal of the alarm. */
import type { RehearsalResult } from '#gateway/model/rehearsal.js'
import { dateAndTime, durationWords } from './times.js'

/** `Rehearsal of 2026-01-07 11:00:00: answered by nurse-1 (link) after 2 min` @param now epoch ms */
export function rehearsalWords(result: RehearsalResult | null, now: number): string {
  if (!result)
    return 'Rehearsal: none yet, so nobody has tried whether an alarm reaches anybody (homebeat alarms rehearsal now)'
  const { begunAt, answered } = result
  const became = answered
    ? `answered by ${answered.by} (${answered.via}) after ${durationWords(answered.at - begunAt)}`
    : `nobody has answered for ${durationWords(now - begunAt)}`
  return `Rehearsal of ${dateAndTime(begunAt)}: ${became}`
}
