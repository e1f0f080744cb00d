/** What becomes of a measurement whose time came from a clock that was not set yet, once it is known what it was wrong by. */
import type { Measurement } from '#fhir/measurement.js'
import { movedIdentifier } from '#gateway/clinical/normalise/identifier.js'
import { placeDeviceTime, type ZoneOffset } from '#gateway/intake/decode/device-time.js'
import { DEVICE_SAID, isPlausible } from '#gateway/intake/decode/place-time.js'
import { CLOCK_UNSET, repeatIn, type Stretch } from './stamper.js'

export const RE_STAMPED = 're-stamped'
/** A correction smaller than this is none that a reader must know of. */
const UNREMARKABLE_MS = 2000
const IMPLAUSIBLE = 'device-clock-implausible'

export interface Correction {
  /** Added to the gateway's time. */
  readonly byMs: number
  /** The stretch in which the clock can be believed. */
  readonly stretch: Stretch
  readonly zone: ZoneOffset
}

/**
 * @returns the measurement at its true time, with what the gateway had said as a remark; null where its time was not
 * the unset clock's.
 */
export function restamped(measurement: Measurement, { byMs, stretch, zone }: Correction): Measurement | null {
  if (!measurement.remarks.includes(CLOCK_UNSET)) return null
  const { at, until, deviceTime } = measurement
  const remarks = measurement.remarks.filter((remark) => remark !== CLOCK_UNSET)
  // A device was judged against a time that was not true: it may have been right all along.
  const placed = remarks.includes(IMPLAUSIBLE) ? deviceTimeOf(remarks, deviceTime, at + byMs, zone) : null
  if (placed !== null) {
    const rest = remarks.filter((remark) => remark !== IMPLAUSIBLE && !remark.startsWith(DEVICE_SAID))
    return { ...measurement, at: placed, timedByDevice: true, remarks: rest, quality: qualityOf(measurement, rest) }
  }
  if (Math.abs(byMs) > UNREMARKABLE_MS) remarks.push(RE_STAMPED, `gateway-time-${new Date(at).toISOString()}`)
  return {
    ...measurement,
    identifier: movedIdentifier(measurement.identifier, byMs, repeatIn(stretch)),
    at: at + byMs,
    ...(until !== undefined && { until: until + byMs }),
    remarks,
    quality: qualityOf(measurement, remarks),
  }
}

/** The device's own time, where it can be true of what came at `receivedAt`. */
function deviceTimeOf(
  remarks: readonly string[],
  deviceTime: string | undefined,
  receivedAt: number,
  zone: ZoneOffset,
): number | null {
  if (deviceTime !== undefined) {
    const { at, believed } = placeDeviceTime(deviceTime, receivedAt, zone)
    return believed ? at : null
  }
  const said = remarks.find((remark) => remark.startsWith(DEVICE_SAID))
  const at = said === undefined ? Number.NaN : Date.parse(said.slice(DEVICE_SAID.length))
  return isPlausible(at, receivedAt) ? at : null
}

const qualityOf = ({ quality }: Measurement, remarks: readonly string[]) =>
  quality === 'questionable' && remarks.length === 0 ? 'good' : quality
