/** Times and how long something took, as people read them: local time of the machine. Pure but for its time zone. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `3 s`, `2 min`, `5 h`, `2 days`; never negative. */
export function durationWords(ms: number): string {
  const t = Math.max(0, ms)
  if (t < 1.5 * MINUTE) return `${Math.floor(t / SECOND)} s`
  if (t < 1.5 * HOUR) return `${Math.floor(t / MINUTE)} min`
  if (t < 2 * DAY) return `${Math.floor(t / HOUR)} h`
  return `${Math.floor(t / DAY)} days`
}

export function ageWords(ms: number): string {
  return ms < SECOND ? 'now' : `${durationWords(ms)} ago`
}

/** `14:02` */
export function timeOfDay(at: number): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `14:02:07` */
export const clockTime = (at: number): string => dateAndTime(at).slice(11)

/** `2026-01-01 12:00:00` */
export function dateAndTime(at: number): string {
  const date = new Date(at)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${timeOfDay(at)}:${two(date.getSeconds())}`
}

/** `14:02`, or with its day where that is not the day of `now`. */
export function timeSeenFrom(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? timeOfDay(at) : dateAndTime(at).slice(0, 16)
}

/** `UTC+01:00` */
export function zoneWords(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset()
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

const two = (value: number) => String(value).padStart(2, '0')
