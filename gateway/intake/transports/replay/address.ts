/** The address of a replay: `replay:path/to/record.hea?signal=MLII&speed=1&from=0&for=60&at=2026-01-01T12:00:00Z`. */
import { z } from 'zod'
import { HomebeatError } from '#gateway/platform/errors.js'

const seconds = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be a number of seconds')
  .transform(Number)

const parameters = z.strictObject({
  signal: z.string().min(1).max(100).optional(),
  speed: z
    .string()
    .regex(/^\d{1,4}(\.\d{1,3})?$/, 'must be 1 for real time, 10 for ten times as fast, 0 for as fast as it can')
    .transform(Number)
    .default(1),
  from: seconds.default(0),
  for: seconds.refine((value) => value > 0, 'must be more than 0 seconds').optional(),
  at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-01-01T12:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional(),
})

export interface ReplayAddress {
  /** The `.hea` file. */
  readonly path: string
  /** A signal's name, or its number from 0; without it the first ECG lead, else the first signal. */
  readonly signal: string | undefined
  /** 1 is real time; 0 is as fast as the consumer takes it. */
  readonly speed: number
  /** Seconds into the record. */
  readonly from: number
  /** Seconds to play; undefined: to the end. */
  readonly duration: number | undefined
  /** Epoch milliseconds given to the first sample played; undefined: the moment of `start()`. */
  readonly at: number | undefined
}

/**
 * @param url `%` in the path is percent-encoding: write `%20` for a space, `%3F` for a question mark.
 * @throws HomebeatError `config.transport-url`
 */
export function parseReplayAddress(url: string): ReplayAddress {
  const match = /^replay:(?:\/\/(?=\/))?([^?]+)(?:\?(.*))?$/s.exec(url)
  if (!match || url.length > 4096) throw invalid('write it as replay:path/to/record.hea?signal=MLII&speed=1')
  let path: string
  try {
    path = decodeURIComponent(match[1] as string)
  } catch {
    throw invalid('its path has a % that is not followed by two hex digits')
  }
  if (!path.endsWith('.hea') || path.includes('\0')) throw invalid('its path must be that of a .hea file')
  const given: Record<string, string> = {}
  for (const [key, value] of new URLSearchParams(match[2] ?? '')) {
    if (Object.hasOwn(given, key)) throw invalid(`"${key}" is given twice`)
    given[key] = value
  }
  const result = parameters.safeParse(given)
  if (!result.success) {
    throw invalid(result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; '))
  }
  const { signal, speed, from, for: duration, at } = result.data
  return { path, signal, speed, from, duration, at }
}

function invalid(problem: string): HomebeatError {
  return new HomebeatError('config.transport-url', `The replay address is not valid: ${problem}.`)
}
