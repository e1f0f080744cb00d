import { HomebeatError } from '#gateway/platform/errors.js'
import { describeFingerprint, parseFingerprintUrl, type UsbFingerprint } from './ports.js'

/** Where the kit's bytes come from. */
export type SerialAddress =
  | { readonly kind: 'device'; readonly path: string; readonly baud: number }
  /** Whatever path it has when it is opened. */
  | { readonly kind: 'usb'; readonly usb: UsbFingerprint; readonly baud: number }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

const FORMS = 'serial:///dev/ttyACM0?baud=115200, serial+usb://2341:0043?serial=…&baud=115200 or serial+tcp://host:port'

/** Reads the FORMS above. @throws HomebeatError `config.transport-url` */
export function parseSerialUrl(text: string): SerialAddress {
  const wrong = (why: string) => new HomebeatError('config.transport-url', `${text}: ${why}; write it as ${FORMS}`)
  if (/^serial\+usb:/i.test(text)) {
    const found = parseFingerprintUrl(text)
    if (!found) throw wrong('give vendor, product and serial number as "homebeat serial list" shows them')
    for (const key of found.settings.keys()) if (key !== 'baud') throw wrong(`unknown setting "${key}"`)
    return { kind: 'usb', usb: found.usb, baud: baudOf(found.settings, wrong) }
  }
  if (!URL.canParse(text)) throw wrong('not a URL')
  const url = new URL(text)
  if (url.username || url.password) throw wrong('a serial port has no user or password')
  if (url.protocol === 'serial+tcp:') {
    if (!url.hostname || !url.port) throw wrong('give host and port')
    if (url.search || (url.pathname !== '' && url.pathname !== '/')) throw wrong('nothing may follow the port')
    return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) }
  }
  if (url.protocol !== 'serial:') throw wrong('not a serial URL')
  if (url.host) throw wrong('a device path starts after three slashes')
  const path = devicePath(url, wrong)
  for (const key of url.searchParams.keys()) if (key !== 'baud') throw wrong(`unknown setting "${key}"`)
  return { kind: 'device', path, baud: baudOf(url.searchParams, wrong) }
}

export function devicePath({ pathname }: URL, wrong: (why: string) => Error): string {
  try {
    const path = decodeURIComponent(pathname)
    if (path.length >= 2) return path
  } catch {
    throw wrong('its path is not encoded as a URL')
  }
  throw wrong('give the device path')
}

function baudOf(settings: URLSearchParams, wrong: (why: string) => Error): number {
  const baud = settings.get('baud') ?? '115200'
  if (!/^\d{3,7}$/.test(baud) || Number(baud) < 300) throw wrong('baud must be a number, 115200 for the kit')
  return Number(baud)
}

/** For people. */
export function describeAddress(address: SerialAddress): string {
  if (address.kind === 'device') return address.path
  if (address.kind === 'usb') return `USB device ${describeFingerprint(address.usb)}`
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}
