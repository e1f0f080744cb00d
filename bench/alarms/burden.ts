/** Alarms for each patient-day, by priority. */
import { PRIORITIES, type Priority } from '#gateway/model/alert.js'
import type { Alarm } from './ward.js'

/** A clinician's aim for a home: what is more than this is not looked at any more. */
export const AIM: Partial<Record<Priority, number>> = { high: 1, medium: 5 }

export interface Burden {
  readonly count: number
  readonly perPatientDay: number
}

export function burdenOf(alarms: readonly Pick<Alarm, 'priority'>[], patientDays: number): Record<Priority, Burden> {
  const of = (priority: Priority): Burden => {
    const count = alarms.filter((alarm) => alarm.priority === priority).length
    return { count, perPatientDay: Math.round((10 * count) / patientDays) / 10 }
  }
  return Object.fromEntries(PRIORITIES.map((priority) => [priority, of(priority)])) as Record<Priority, Burden>
}

export function burdenLines(alarms: readonly Pick<Alarm, 'priority'>[], patientDays: number): string[] {
  return Object.entries(burdenOf(alarms, patientDays)).map(([priority, { count, perPatientDay }]) => {
    const aim = AIM[priority as Priority]
    const head = `${`  ${priority}`.padEnd(40)} ${String(count).padStart(5)} ${perPatientDay.toFixed(1).padStart(8)} per patient-day`
    return aim === undefined ? head : `${head} (aim: at most ${aim})`
  })
}
