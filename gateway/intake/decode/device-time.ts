/** Clocks of devices that nobody can read or set: their stamps are kept as they are and placed with care. */

import { AHEAD_MS, isPlausible } from './place-time.js'

/** Minutes east of UTC at an instant; a number where it never changes. */
export type ZoneOffset = number | ((at: number) => number)

const SHAPE = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/
const DAY_MS = 86_400_000

/**
 * `YYYY-MM-DDThh:mm[:ss]` without zone → the instant in the home's zone, or null if there is no such date.
 * An hour that the clocks skip is read as if they had not been put forward; of an hour that comes twice, the latest one
 * that is not after `until` (epoch ms) is meant.
 */
export function localTime(text: string, zone: ZoneOffset, until = Number.POSITIVE_INFINITY): number | null {
  const match = SHAPE.exec(text)
  if (!match) return null
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const utc = Date.UTC(year, month - 1, day, hour, minute, second)
  const date = new Date(utc)
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    second < 60
  if (!same) return null
  if (typeof zone === 'number') return utc - zone * 60_000
  // No zone is further than a day from UTC, and none changes twice within two.
  const before = utc - zone(utc - DAY_MS) * 60_000
  const after = utc - zone(utc + DAY_MS) * 60_000
  const real = [before, after].filter((at) => utc - zone(at) * 60_000 === at)
  const latest = Math.max(...real.filter((at) => at <= until))
  if (Number.isFinite(latest)) return latest
  return real.length > 0 ? Math.min(...real) : before
}

/**
 * The effective time of a stored value: the device's own where it can be true, else when it arrived.
 * Always with the remark that nobody checked that clock.
 * @param receivedAt epoch ms, wall time
 */
export function placeDeviceTime(
  deviceTime: string,
  receivedAt: number,
  zone: ZoneOffset,
): { readonly at: number; readonly believed: boolean; readonly remarks: readonly string[] } {
  const at = localTime(deviceTime, zone, receivedAt + AHEAD_MS)
  if (at === null || !isPlausible(at, receivedAt)) {
    return { at: receivedAt, believed: false, remarks: ['device-clock-unverified', 'device-clock-implausible'] }
  }
  return { at: Math.min(at, receivedAt), believed: true, remarks: ['device-clock-unverified'] }
}
