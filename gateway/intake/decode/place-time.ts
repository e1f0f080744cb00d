/** A sender's clock may run a little ahead; more than this and it is not believed. */
const AHEAD_MS = 5 * 60_000
const OLDEST_MS = 2 * 365.25 * 86_400_000
/** Begins the remark with the time that was not believed. */
export const DEVICE_SAID = 'device-time-'

/**
 * A sender's time where it can be true, else the arrival with a remark.
 * @param time epoch ms; NaN is not believed
 * @param shiftMs from the time of arrival to wall time
 */
export function placeTime(
  time: number | undefined,
  receivedAt: number,
  shiftMs = 0,
): { at: number; believed: boolean; remarks: string[] } {
  if (time === undefined) return { at: receivedAt, believed: false, remarks: [] }
  const wall = receivedAt + shiftMs
  if (!isPlausible(time, wall)) {
    const said = Number.isFinite(time) ? [`${DEVICE_SAID}${new Date(time).toISOString()}`] : []
    return { at: receivedAt, believed: false, remarks: ['device-clock-implausible', ...said] }
  }
  return { at: time, believed: true, remarks: [] }
}

/** Whether a sender can have measured at `time` what came at `wall`. */
export const isPlausible = (time: number, wall: number): boolean =>
  Number.isFinite(time) && time <= wall + AHEAD_MS && time >= wall - OLDEST_MS
