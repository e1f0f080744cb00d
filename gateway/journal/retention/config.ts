/** `retention`. */
import { z } from 'zod'
import { across } from '#gateway/platform/config-grammar.js'

/** What may leave the journal: only what every FHIR target has and what is on the chain. */
export const retentionConfig = across(
  z.strictObject({
    days: z.number().int().min(1).max(36500).default(90),
    /** Of the journal's content. Above it the oldest goes sooner, down to `minDays`. */
    maxMb: z.number().int().min(64).default(8192),
    minDays: z.number().int().min(1).max(36500).default(7),
    /** Alerts, who was told, and the Observations that they name. */
    alertDays: z.number().int().min(30).max(36500).default(730),
    /** How long a reading that a device sends again from its memory is recognised. */
    identifierDays: z.number().int().min(30).max(36500).default(400),
    /** Hashes of what went, from which the proof of an Observation can still be made; 32 bytes each. */
    proofDays: z.number().int().min(30).max(36500).default(730),
  }),
  function* ({ days, minDays }) {
    if (minDays > days) yield { path: ['minDays'], message: `must not be more than days, which is ${days}` }
  },
).prefault({})
