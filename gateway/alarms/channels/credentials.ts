/** Tokens and authorities that channels read from files, and where tokens may be sent. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'

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
  const path = resolve(baseDir, caFile)
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new HomebeatError(
      'channel.ca-file',
      `The caFile ${path} of the alert channel ${channel} cannot be read (${code}): give the path of a PEM file.`,
      { cause },
    )
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new HomebeatError(
      'channel.ca-file',
      `The caFile ${path} of the alert channel ${channel} holds no certificate in PEM form: is it the right file?`,
    )
  return text
}
