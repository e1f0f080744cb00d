/** `fhir`: the servers that get Observations, in the clear or sealed. */
import { z } from 'zod'
import { across, httpUrl, name, namedList } from '#gateway/platform/config-grammar.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'

const target = z.strictObject({
  name,
  url: httpUrl,
  /** sealed: only encrypted envelopes. clear: the Observations themselves, for a server of the care team. */
  mode: z.enum(['sealed', 'clear']).default('sealed'),
  tokenFile: z.string().optional(),
  /** PEM; instead of the authorities that Node trusts. */
  caFile: z.string().optional(),
  timeoutSeconds: z.number().min(1).max(300).default(30),
  /** clear only: a Task for each alert of high or medium priority, which the care team accepts on the server. */
  tasks: z.boolean().default(true),
  /** How often the server is asked for what became of the Tasks of open alerts. */
  pollSeconds: z.number().min(1).max(600).default(15),
})

const safe = across(target, function* ({ url, mode, tokenFile }) {
  if (!url.startsWith('https:') && !isLoopback(new URL(url).hostname) && (mode === 'clear' || tokenFile !== undefined))
    yield {
      path: ['url'],
      message: `would send ${mode === 'clear' ? 'readings' : 'its token'} over plain HTTP: use an https:// URL`,
    }
})

export const fhirConfig = z.strictObject({ targets: namedList(safe, 10).default([]) }).prefault({})

/** Minutes after which an alert that is still open becomes a Flag on the clear FHIR targets (`alerts.flagAfterMinutes`). */
export const flagAfterMinutes = z.number().min(1).max(10080).default(30)

export type TargetConfig = z.output<typeof target>
