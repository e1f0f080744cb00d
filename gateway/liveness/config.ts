/** `liveness`: who is told that this gateway works. `disk`: how much must be free. */
import { z } from 'zod'
import { across, httpUrl, name, namedList } from '#gateway/platform/config-grammar.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { MAX_EVERY_SECONDS } from './check-in.js'

const target = z.strictObject({
  name,
  /** The address of a receiver (`homebeat clinic`), e.g. https://watch.clinic.example/beat */
  url: httpUrl.refine((url) => url.startsWith('https:') || !URL.canParse(url) || isLoopback(new URL(url).hostname), {
    error: 'give an https:// URL; http:// only to this machine',
  }),
  /** The file, mode 0600, that holds what `homebeat clinic enrol` printed. */
  secretFile: z.string(),
  everySeconds: z.number().min(1).max(MAX_EVERY_SECONDS).default(60),
})

/** Who raises an alarm when this gateway falls silent; better two than one. */
export const livenessConfig = z.strictObject({ targets: namedList(target, 10).default([]) }).prefault({})

/** Free space of the data folder's disk below which there is an alarm, MB. */
export const diskConfig = across(
  z.strictObject({ lowMb: z.number().int().min(1).default(500), criticalMb: z.number().int().min(1).default(100) }),
  function* ({ lowMb, criticalMb }) {
    if (criticalMb >= lowMb) yield { path: ['criticalMb'], message: `must be less than lowMb, which is ${lowMb}` }
  },
).prefault({})

export type LivenessTarget = z.output<typeof target>
