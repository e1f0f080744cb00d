/** Parsers of command-line values shared by the verbs. Each throws commander's InvalidArgumentError: exit code 2. */
import { InvalidArgumentError } from 'commander'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** `250ms`, `45s`, `1.5m`, `2h` → milliseconds, more than 0 and at most 31 days. */
export function duration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(text)
  const ms = match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : 0
  if (ms <= 0 || ms > 31 * 24 * UNITS.h) {
    throw new InvalidArgumentError('give a duration with its unit, such as 250ms, 45s, 5m or 2h.')
  }
  return ms
}

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:9000`, `[::1]:9000`, `:9000` or `9000` (both on loopback); port 0 lets the system choose. */
export function hostPort(text: string): HostPort {
  const match = /^(?:(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253})?:)?(\d{1,5})$/.exec(text)
  const port = match ? Number(match[2]) : 65_536
  if (port > 65_535) throw new InvalidArgumentError('give host:port, such as 127.0.0.1:9000, with a port up to 65535.')
  return { host: (match?.[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

/** A port number; 0 lets the system choose. */
export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 65_536
  if (value > 65_535) throw new InvalidArgumentError('give a port number from 0 to 65535.')
  return value
}

/** A whole number from 0 to 2^53 − 1: seeds, counts, epoch milliseconds. */
export function wholeNumber(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('give a whole number, 0 or more.')
  return value
}

/** An MQTT broker's URL, `mqtt://host:port`, without credentials (those come from a file). */
export function brokerUrl(text: string): string {
  let url: URL | undefined
  try {
    url = new URL(text)
  } catch {}
  const ok = url && /^mqtts?:$/.test(url.protocol) && url.hostname && !url.username && !url.password
  if (!ok || text.length > 500) {
    throw new InvalidArgumentError('give mqtt://host:port; the secret goes into a file, not into the URL.')
  }
  return text
}
