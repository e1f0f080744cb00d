/** When a message says that it was measured. */
import { localTime, type ZoneOffset } from '#gateway/intake/decode/device-time.js'
import { type Placed as PlacedTime, placeTime } from '#gateway/intake/decode/place-time.js'
import { Misfit } from './misfit.js'
import { valueAt } from './pointer.js'
import type { MappingRule } from './template.js'

/** Of a Date. */
const LAST_INSTANT = 8.64e15

export interface Placed extends PlacedTime {
  /** The sender's own time, believed or not. */
  readonly sent?: number
}

export function timeOf(
  rule: MappingRule,
  { receivedAt, shiftMs }: { readonly receivedAt: number; readonly shiftMs?: number },
  document: unknown,
  zone: ZoneOffset,
): Placed | Misfit {
  const { time } = rule
  if (!time) return placeTime(undefined, receivedAt, shiftMs, expiryOf(rule, document, undefined, zone))
  const found = valueAt(document, time.pointer)
  const instant = instantOf(found, time.as, zone)
  if (instant === null) {
    const forms = {
      iso: 'an ISO 8601 time with a zone',
      local: 'a local time (YYYY-MM-DDThh:mm:ss)',
      'epoch-seconds': 'seconds since 1970',
      'epoch-milliseconds': 'milliseconds since 1970',
    } as const
    return new Misfit(5, 'time', `There is not ${forms[time.as]} at ${time.pointer}.`)
  }
  const placed = placeTime(instant, receivedAt, shiftMs, expiryOf(rule, document, instant, zone))
  // Nobody set that clock's zone on purpose: said with each value, as for the memories of the kit's devices.
  const remarks = time.as === 'local' ? ['device-clock-unverified', ...placed.remarks] : placed.remarks
  return { ...placed, remarks, sent: instant }
}

/** Undefined where the message says none that can be read: the value then counts. */
function expiryOf({ expires }: MappingRule, document: unknown, from: number | undefined, zone: ZoneOffset) {
  if (!expires) return undefined
  const seconds = 'seconds' in expires
  const found = seconds ? expires.seconds : valueAt(document, expires.pointer)
  if (!seconds && expires.as !== 'seconds') return instantOf(found, expires.as, zone) ?? undefined
  const after = instantOf(found, 'epoch-seconds', zone)
  return after === null || from === undefined ? undefined : from + after
}

function instantOf(found: unknown, as: NonNullable<MappingRule['time']>['as'], zone: ZoneOffset): number | null {
  if (as === 'epoch-seconds' || as === 'epoch-milliseconds') {
    const number = typeof found === 'string' && /^\d{1,16}(?:\.\d{1,9})?$/.test(found) ? Number(found) : found
    if (typeof number !== 'number') return null
    const instant = Math.round(as === 'epoch-seconds' ? number * 1000 : number)
    return Math.abs(instant) <= LAST_INSTANT ? instant : null
  }
  if (typeof found !== 'string' || found.length > 40) return null
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/.test(found)
  // A local clock that does say its zone is believed.
  const instant = zoned ? Date.parse(found) : as === 'local' ? localTime(found, zone) : null
  return instant === null || Number.isNaN(instant) ? null : instant
}
