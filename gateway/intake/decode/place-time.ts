/** A sender's clock may run a little ahead; more than this and it is not believed. */
export const AHEAD_MS = 5 * 60_000
const OLDEST_MS = 2 * 365.25 * 86_400_000
/** Begins the remark with the time that was not believed. */
export const DEVICE_SAID = 'device-time-'

/** Said with a value that came when its sender did not hold it for current any more. */
export const EXPIRED = 'expired'

export interface Placed {
  readonly at: number
  /** `at` is the sender's. */
  readonly believed: boolean
  readonly expired: boolean
  readonly remarks: readonly string[]
}

/**
 * A sender's time where it can be true, else the arrival with a remark.
 * @param time epoch ms; NaN is not believed
 * @param shiftMs from the time of arrival to wall time
 * @param expires epoch ms; of a clock that is not believed, or before `time`, it says nothing: the value counts
 */
export function placeTime(time: number | undefined, receivedAt: number, shiftMs = 0, expires?: number): Placed {
  const wall = receivedAt + shiftMs
  const believed = time !== undefined && isPlausible(time, wall)
  if (time !== undefined && !believed) {
    const said = Number.isFinite(time) ? [`${DEVICE_SAID}${new Date(time).toISOString()}`] : []
    return { at: receivedAt, believed, expired: false, remarks: ['device-clock-implausible', ...said] }
  }
  const expired = expires !== undefined && expires <= wall && expires >= (time ?? wall - OLDEST_MS)
  return { at: time ?? receivedAt, believed, expired, remarks: expired ? [EXPIRED] : [] }
}

/** Whether a sender can have measured at `time` what came at `wall`. */
export const isPlausible = (time: number, wall: number): boolean =>
  Number.isFinite(time) && time <= wall + AHEAD_MS && time >= wall - OLDEST_MS
