/**
 * Who may ask the console anything: this machine's own browser, for the console's own pages. A page of another site
 * could otherwise point a name at 127.0.0.1 (DNS rebinding), or hold our streams open.
 */
import type { IncomingHttpHeaders } from 'node:http'

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

const NAMES = ['localhost', '127.0.0.1', '[::1]']

/** Only our own names with the bound port; port 80 may be left out. */
export function isOwnHost(host: string | undefined, port: number): boolean {
  if (host === undefined) return false
  const asked = host.toLowerCase()
  return NAMES.some((name) => asked === `${name}:${port}` || (port === 80 && asked === name))
}

/** Whether a request that acts comes from our own page. A browser adds both headers to every POST by itself. */
export function isOwnAct(headers: IncomingHttpHeaders): boolean {
  const [type = ''] = headers['content-type']?.split(';') ?? []
  return isOwnSite(headers) && headers.origin !== undefined && type.trim().toLowerCase() === 'application/json'
}

/** Browsers say where a request comes from; clients that are not browsers send nothing. */
export function isOwnSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const origin = headers.origin
  return origin === undefined || origin.toLowerCase() === `http://${headers.host?.toLowerCase()}`
}
