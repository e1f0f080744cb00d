const MINUTE_MS = 60_000
const DAY_MINUTES = 1440

/** A span of the day; over midnight where `to` is the earlier. `days` are those on which it begins, 1 Monday … 7 Sunday. */
export interface Hours {
  /** `HH:MM` */
  readonly from: string
  readonly to: string
  readonly days?: readonly number[] | undefined
}

/** Minutes east of UTC of the home, at an instant (epoch ms). */
export type ZoneOffsetAt = (at: number) => number

export function isWithin(hours: Hours, at: number, zone: ZoneOffsetAt): boolean {
  const { minute, day } = localClock(at, zone)
  const from = minutesOf(hours.from)
  const to = minutesOf(hours.to)
  const on = (weekday: number) => hours.days === undefined || hours.days.includes(weekday)
  // Equal times mean the whole day.
  if (from === to) return on(day)
  if (from < to) return minute >= from && minute < to && on(day)
  return (minute >= from && on(day)) || (minute < to && on(day === 1 ? 7 : day - 1))
}

export function isWithinAny(spans: readonly Hours[], at: number, zone: ZoneOffsetAt): boolean {
  return spans.some((hours) => isWithin(hours, at, zone))
}

/** Whether a time of day lies between two instants; always where they are a day or more apart. */
export function passed(timeOfDay: string, since: number, now: number, zone: ZoneOffsetAt): boolean {
  if (now <= since) return false
  if (now - since >= DAY_MINUTES * MINUTE_MS) return true
  const wanted = minutesOf(timeOfDay)
  const minute = Math.floor((now / MINUTE_MS + zone(now)) % DAY_MINUTES)
  const sinceThen = ((minute - wanted + DAY_MINUTES) % DAY_MINUTES) * MINUTE_MS + (now % MINUTE_MS)
  return now - sinceThen > since
}

function localClock(at: number, zone: ZoneOffsetAt): { minute: number; day: number } {
  const local = Math.floor(at / MINUTE_MS) + zone(at)
  const days = Math.floor(local / DAY_MINUTES)
  // 1970-01-01 was a Thursday.
  return { minute: local - days * DAY_MINUTES, day: ((((days + 3) % 7) + 7) % 7) + 1 }
}

function minutesOf(timeOfDay: string): number {
  const [hour = 0, minute = 0] = timeOfDay.split(':').map(Number)
  return hour * 60 + minute
}
