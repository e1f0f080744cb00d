import { resolve } from 'node:path'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { type Reach, reachOf, readCa } from '#gateway/platform/net/reach.js'
import { FhirClient } from './fhir-client.js'

/**
 * The client of one configured FHIR target.
 * @param baseDir folder that a relative `tokenFile` is in
 * @param reach how far ends are reached that need more than `fetch`
 * @throws HomebeatError `net.ca-file`, `target.insecure` where a token or values in clear would travel unencrypted
 */
export function clientOf(
  target: TargetConfig,
  fetch: typeof globalThis.fetch,
  baseDir = '.',
  reach: Reach = reachOf({ fetch }),
  clock?: Pick<Clock, 'monotonic'>,
): FhirClient {
  const { name, mode, tokenFile, caFile, timeoutSeconds } = target
  const { protocol, hostname } = new URL(target.url)
  if (protocol !== 'https:' && !isLoopback(hostname) && (mode === 'clear' || tokenFile !== undefined))
    throw new HomebeatError(
      'target.insecure',
      `The FHIR target ${name} would send ${mode === 'clear' ? 'readings' : 'its token'} over plain HTTP: use an https:// URL.`,
    )
  return new FhirClient({
    url: target.url,
    timeoutMs: timeoutSeconds * 1000,
    fetch: caFile === undefined ? fetch : reach(readCa(`the FHIR target ${name}`, resolve(baseDir, caFile))),
    ...(clock && { monotonic: () => clock.monotonic() }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(baseDir, tokenFile) }),
  })
}
