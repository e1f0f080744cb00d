/** Tokens and authorities that channels read from files, and where tokens may be sent. */
import { resolve } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { reachOf, readCa as readPem } from '#gateway/platform/net/reach.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { ChannelDependencies } from './channel.js'

/** `Authorization` with the token of a file, for HTTP. @throws HomebeatError `secret.*`, `channel.insecure` */
export function bearerOf(
  channel: string,
  url: URL,
  tokenFile: string | undefined,
  baseDir: string,
): { authorization?: string } {
  if (tokenFile === undefined) return {}
  if (url.protocol !== 'https:' && !isLoopback(url.hostname))
    throw new HomebeatError(
      'channel.insecure',
      `The alert channel ${channel} would send its token over plain HTTP: use an https:// URL, or leave out tokenFile.`,
    )
  return { authorization: `Bearer ${readSecret(resolve(baseDir, tokenFile))}` }
}

/** The certificates (PEM) that a far end's own certificate may descend from. @throws HomebeatError `channel.ca-file` */
export function readCa(channel: string, caFile: string, baseDir: string): string {
  return readPem(`the alert channel ${channel}`, resolve(baseDir, caFile), 'channel.ca-file')
}

/** The fetch of a channel: with authorities of its own where it names some. @throws HomebeatError `channel.ca-file` */
export function fetchOf(
  { name, caFile }: { readonly name: string; readonly caFile?: string | undefined },
  { fetch, reach = reachOf({ fetch }), baseDir }: Pick<ChannelDependencies, 'fetch' | 'reach' | 'baseDir'>,
): typeof globalThis.fetch {
  return caFile === undefined ? fetch : reach(readCa(name, caFile, baseDir))
}
