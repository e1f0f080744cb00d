/** What a check-in says: counts and ages; never a value, a name or the condition of an alarm. */
import { z } from 'zod'

/** The name on the wire, from the time when a check-in was called a heartbeat. */
export const CHECK_IN_TYPE = 'homebeat-heartbeat'

/** Larger than any check-in; a receiver reads no further. */
export const MAX_CHECK_IN_BYTES = 8192

/** The longest interval between two check-ins: a receiver that hears nothing for five minutes raises an alarm. */
export const MAX_EVERY_SECONDS = 300

/**
 * Why a gateway that still sends cannot be relied on.
 * tick-stalled: what looks for silence and escalates alarms has not run · commit-refused: the disk refuses readings ·
 * journal-unreadable · number-not-stored: not even the check-in's own number could be written · no-source: neither a kit nor a
 * broker is there to be listened to.
 */
export const UNHEALTHY_REASONS = [
  'tick-stalled',
  'commit-refused',
  'journal-unreadable',
  'number-not-stored',
  'no-source',
] as const
export type UnhealthyReason = (typeof UNHEALTHY_REASONS)[number]

const count = z.number().int().min(0).max(1_000_000)
const counts = z.object({ high: count, medium: count, low: count })
const age = z.number().min(0).max(1e9).nullable()

/** The wire format; `test/fixtures/liveness/check-in.json` holds an example. Members of later versions are passed over. */
export const checkInSchema = z.object({
  type: z.literal(CHECK_IN_TYPE),
  version: z.literal(1),
  /** Pseudonym. */
  home: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  /** Grows with every check-in, over restarts too. */
  sequence: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  sentAt: z.iso.datetime(),
  everySeconds: z.number().min(1).max(MAX_EVERY_SECONDS),
  /** stopping: an orderly stop; no check-in follows before the next start. */
  state: z.enum(['running', 'stopping']),
  healthy: z.boolean(),
  /** Where not healthy: `UNHEALTHY_REASONS`, and those of later versions. */
  reasons: z.array(z.string().regex(/^[a-z0-9-]{1,40}$/)).max(20),
  software: z.string().min(1).max(40),
  uptimeSeconds: z.number().min(0).max(1e10),
  /** Whether the gateway believes its own clock; left out where it cannot tell. */
  clockTrusted: z.boolean().optional(),
  /** Open alarms. */
  alerts: z.object({ physiological: counts, technical: counts }),
  /** Seconds that the oldest entry of a kind of lane has waited; null: nothing waits. */
  oldestSeconds: z.object({ fhir: age, alert: age, anchor: age }),
  /** Somebody has said that nobody is to be watched; who it was stays at home. Left out: the person is monitored. */
  notMonitored: z
    .object({ reason: z.string().regex(/^[a-z-]{1,20}$/), since: z.iso.datetime(), until: z.iso.datetime() })
    .optional(),
  /** damaged: something was lost and nobody has taken note of it yet. */
  journal: z.enum(['ok', 'damaged', 'unreadable']),
})

export type CheckIn = z.output<typeof checkInSchema>

/** What a check-in says of the gateway itself. */
export type Vitals = Pick<CheckIn, 'alerts' | 'oldestSeconds' | 'journal' | 'clockTrusted' | 'notMonitored'> & {
  readonly reasons: readonly UnhealthyReason[]
}
