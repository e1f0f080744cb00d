/**
 * The deterministic identifier of a Measurement: device-patient-type-timestamp, after the conditional create of the HL7
 * Personal Health Device IG 2.0.0, so that a memory dump read twice or a message sent twice makes no duplicate.
 */
import type { Observable } from '#fhir/measurement.js'
import { HomebeatError } from '#gateway/platform/errors.js'

export const MAX_IDENTIFIER = 128

export interface IdentifierParts {
  readonly deviceId: string
  readonly patient: string
  readonly observable: Observable
  /** Epoch milliseconds; used where neither of the next two is there. */
  readonly at: number
  /** The device's own local time; goes before `at`, which may differ from dump to dump. */
  readonly deviceTime?: string
  /** With `deviceTime`: the number of the value among those of that time. */
  readonly ordinal?: number
  /** The sender's own message id; goes before both. */
  readonly messageId?: string
}

/** Only `A–Z a–z 0–9 . _ : -`; at most MAX_IDENTIFIER characters. */
export function measurementIdentifier(parts: IdentifierParts): string {
  const identifier = `${parts.deviceId}-${parts.patient}-${parts.observable}-${occasion(parts)}`
  if (identifier.length > MAX_IDENTIFIER || !/^[A-Za-z0-9._:-]+$/.test(identifier)) {
    throw new HomebeatError(
      'pipeline.identifier',
      'A device name, patient pseudonym or message id has characters other than letters, digits, dots, underscores, colons and hyphens, or is too long.',
    )
  }
  return identifier
}

/** The three forms cannot be mistaken for each other: `20260101T120000000Z`, `20131119T1105L[.2]`, `id.…`. */
function occasion({ at, deviceTime, ordinal, messageId }: IdentifierParts): string {
  if (messageId !== undefined) return `id.${messageId}`
  if (deviceTime !== undefined) return `${deviceTime.replace(/[-:]/g, '')}L${ordinal ? `.${ordinal}` : ''}`
  return compact(at)
}

const compact = (at: number) => new Date(at).toISOString().replace(/[-:.]/g, '')
const TIMED = /^(.*-)(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z(?:\.\d+)?$/

/**
 * The identifier of the same measurement once its time is known better; unchanged where it has no gateway's time in it.
 * @param repeat tells it apart from what was measured when the clock showed this time before
 */
export function movedIdentifier(identifier: string, byMs: number, repeat: (at: number) => number | null): string {
  const match = TIMED.exec(identifier)
  if (!match) return identifier
  const [, head = '', ...parts] = match
  const [year = 0, month = 1, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = parts.map(Number)
  const at = Date.UTC(year, month - 1, day, hour, minute, second, ms) + byMs
  const again = repeat(at)
  const moved = `${head}${compact(at)}${again === null ? '' : `.${again}`}`
  // A reading is worth more than the part of its identifier that a server would not take.
  return moved.length > MAX_IDENTIFIER ? identifier : moved
}
