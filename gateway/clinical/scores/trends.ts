/**
 * How a patient's numbers go: against yesterday at the same hours, against the patient's own usual, and over the last hours.
 * Every comparison says what it compares, and is not made where there is too little to compare. No diagnosis. Pure.
 *
 * The windows and the least data are this project's own choice.
 */
import { median as medianOf } from '#gateway/clinical/signals/statistics.js'
import { type Followed, HOUR_MS, type Hour, TRENDED } from './hourly.js'

const DAY_MS = 24 * HOUR_MS
const USUAL_DAYS = 14
const LEAST_DAYS = 3

interface Span {
  /** Hours compared with the same ones of yesterday, and the least of them with values on both days. */
  readonly hours: number
  readonly leastHours: number
  /** "Usual" is told by this part of the day. */
  readonly blockHours: number
  readonly usual: string
  readonly slopeHours: number
  readonly leastSlopeHours: number
  /** Hours in which the slope is told. */
  readonly slopePerHours: number
  readonly slope: string
}

/** By quarter of the day: a pulse at night is not one of the afternoon. */
const HOURS: Span = {
  ...{ hours: 4, leastHours: 2, blockHours: 6, usual: 'usual at this time of day' },
  ...{ slopeHours: 6, leastSlopeHours: 4, slopePerHours: 1, slope: 'an hour over the last 6 h' },
}
/** What is measured once a day at most. */
const DAYS: Span = {
  ...{ hours: 24, leastHours: 1, blockHours: 24, usual: 'usual' },
  ...{ slopeHours: 7 * 24, leastSlopeHours: 3, slopePerHours: 24, slope: 'a day over the last 7 days' },
}
/** Standard deviations in one median absolute deviation, of a normal distribution. */
const MAD_TO_SD = 1.4826

export interface Usual {
  readonly median: number
  /** As a standard deviation, from the median absolute deviation: one odd night does not widen it. */
  readonly spread: number
  /** Days with values at this time of the day. */
  readonly days: number
}

export interface Trend {
  /** Of a `TrendedNumber`. */
  readonly number: string
  readonly unit: string
  /** The last complete hours: epoch ms, from (included) to (not included). */
  readonly from: number
  readonly to: number
  /** Means of those hours; null: too few values. */
  readonly today: number | null
  readonly yesterday: number | null
  /** Of the quarter of the day (of the day, where it is measured daily), over 14 days without the last; null: too few. */
  readonly usual: Usual | null
  /** Whether today differs from the usual by more than twice its spread; null: not known. */
  readonly unusual: boolean | null
  /** Per hour over the last 6 complete hours, or per day over the last 7 days; null: too few values. */
  readonly slope: number | null
  readonly words: string
}

/** @param zone minutes east of UTC of the home, at an instant (epoch ms) @returns only numbers with values of today */
export function trends(hours: readonly Hour[], now: number, zone: (at: number) => number): Trend[] {
  return TRENDED.flatMap((row) => {
    const own = new Map(hours.filter(({ number }) => number === row.number).map((hour) => [hour.hour, hour.mean]))
    const trend = trendOf(row, own, now, zone)
    return trend.today === null ? [] : [trend]
  })
}

function trendOf(row: Followed, means: ReadonlyMap<number, number>, now: number, zone: (at: number) => number): Trend {
  const span = row.daily ? DAYS : HOURS
  const to = Math.floor(now / HOUR_MS) * HOUR_MS
  const from = to - span.hours * HOUR_MS
  const windowOf = (end: number) => hoursBefore(end, span.hours).flatMap((hour) => means.get(hour) ?? [])
  const [todays, yesterdays] = [windowOf(to), windowOf(to - DAY_MS)]
  const today = todays.length >= span.leastHours ? meanOf(todays) : null
  const yesterday = yesterdays.length >= span.leastHours ? meanOf(yesterdays) : null
  const usual = usualOf(means, to, zone, row.leastSpread, span.blockHours)
  const unusual = today === null || usual === null ? null : Math.abs(today - usual.median) > 2 * usual.spread
  const slope = slopeOf(hoursBefore(to, span.slopeHours), means, span)
  const said = { today, yesterday, usual, unusual, slope }
  return { number: row.number, unit: row.unit, from, to, ...said, words: words(row, from, to, zone, said) }
}

function hoursBefore(end: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => end - (index + 1) * HOUR_MS)
}

/** Of the part of the day that the last complete hour lies in. */
function usualOf(
  means: ReadonlyMap<number, number>,
  to: number,
  zone: (at: number) => number,
  leastSpread: number,
  blockHours: number,
): Usual | null {
  const local = (hour: number) => Math.floor(hour / HOUR_MS + zone(hour) / 60)
  const blockOf = (hour: number) => Math.floor((((local(hour) % 24) + 24) % 24) / blockHours)
  const block = blockOf(to - HOUR_MS)
  const past = [...means].filter(
    ([hour]) => hour < to - DAY_MS && hour >= to - (USUAL_DAYS + 1) * DAY_MS && blockOf(hour) === block,
  )
  const days = new Set(past.map(([hour]) => Math.floor(local(hour) / 24))).size
  if (days < LEAST_DAYS) return null
  const values = past.map(([, mean]) => mean)
  const median = medianOf(values)
  const deviation = medianOf(values.map((value) => Math.abs(value - median)))
  return { median, spread: Math.max(leastSpread, MAD_TO_SD * deviation), days }
}

/** Least squares. */
function slopeOf(
  hours: readonly number[],
  means: ReadonlyMap<number, number>,
  { leastSlopeHours, slopePerHours }: Span,
): number | null {
  const points = hours.flatMap((hour) => {
    const mean = means.get(hour)
    return mean === undefined ? [] : [{ x: hour / HOUR_MS / slopePerHours, y: mean }]
  })
  if (points.length < leastSlopeHours) return null
  const [x, y] = [meanOf(points.map((point) => point.x)), meanOf(points.map((point) => point.y))]
  const covariance = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0)
  const variance = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0)
  return covariance / variance
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function words(
  { label, unit, decimals, daily }: Followed,
  from: number,
  to: number,
  zone: (at: number) => number,
  { today, yesterday, usual, unusual, slope }: Pick<Trend, 'today' | 'yesterday' | 'usual' | 'unusual' | 'slope'>,
): string {
  if (today === null) return `${label}: too few values`
  const span = daily ? DAYS : HOURS
  const said = (value: number) => value.toFixed(decimals)
  const when = daily ? 'of the last 24 h' : `${clock(from, zone)}–${clock(to, zone)} today`
  const before = daily ? 'the 24 h before' : 'yesterday'
  const compared =
    yesterday === null ? `${before} not known` : `${before} ${said(yesterday)}: ${difference(today, yesterday, said)}`
  const own = usual
    ? `${span.usual} ${said(usual.median)} ± ${said(usual.spread)} (${usual.days} days)${unusual ? ': outside of it' : ''}`
    : 'usual not known yet'
  const course =
    slope === null ? '' : `; ${slope < 0 ? '−' : '+'}${Math.abs(slope).toFixed(decimals + 1)} ${span.slope}`
  return `mean ${label} ${when} ${said(today)} ${unit}, ${compared}; ${own}${course}`
}

/** Of the numbers as they are said: 88 and 74 differ by 14. */
function difference(today: number, yesterday: number, said: (value: number) => string): string {
  const change = Number(said(today)) - Number(said(yesterday))
  return change === 0 ? 'the same' : `${said(Math.abs(change))} ${change > 0 ? 'higher' : 'lower'}`
}

/** `08`, or `08:30` in zones that are not whole hours. */
function clock(at: number, zone: (at: number) => number): string {
  const minutes = (((at / 60_000 + zone(at)) % 1440) + 1440) % 1440
  const text = (value: number) => String(value).padStart(2, '0')
  return minutes % 60 === 0 ? text(minutes / 60) : `${text(Math.floor(minutes / 60))}:${text(minutes % 60)}`
}
