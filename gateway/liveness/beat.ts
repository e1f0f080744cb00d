/** What a gateway says with a heartbeat: counts and ages, never a value, a name or which condition an alarm is of. */
import { z } from 'zod'

export const BEAT_TYPE = 'homebeat-heartbeat'

/** Larger than any beat; a receiver reads no further. */
export const MAX_BEAT_BYTES = 8192

/** The longest interval between two beats: a receiver that hears nothing for five minutes raises an alarm. */
export const MAX_EVERY_SECONDS = 300

/**
 * Why a gateway that still sends does not keep watch.
 * tick-stalled: what looks for silence and escalates alarms has not run · commit-refused: the disk refuses readings ·
 * journal-unreadable · number-not-stored: not even the beat's own number could be written · no-source: neither a kit nor a
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

/** The wire format; `test/fixtures/heartbeat/beat.json` holds an example. Members of later versions are passed over. */
export const beatSchema = z.object({
  type: z.literal(BEAT_TYPE),
  version: z.literal(1),
  /** Pseudonym. */
  home: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  /** Grows with every beat, over restarts too. */
  sequence: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  sentAt: z.iso.datetime(),
  everySeconds: z.number().min(1).max(MAX_EVERY_SECONDS),
  /** stopping: an orderly stop; no beat follows before the next start. */
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
  /** damaged: something was lost and nobody has taken note of it yet. */
  journal: z.enum(['ok', 'damaged', 'unreadable']),
})

export type Beat = z.output<typeof beatSchema>

/** What a beat says of the gateway itself. */
export type Vitals = Pick<Beat, 'alerts' | 'oldestSeconds' | 'journal' | 'clockTrusted'> & {
  readonly reasons: readonly UnhealthyReason[]
}
