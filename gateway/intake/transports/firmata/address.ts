import { devicePath } from '#gateway/intake/transports/serial/address.js'
import {
  describeFingerprint,
  parseFingerprintUrl,
  type UsbFingerprint,
} from '#gateway/intake/transports/serial/ports.js'
import { HomebeatError } from '#gateway/platform/errors.js'

/** A Firmata board, and what it shall do there. */
export interface FirmataAddress {
  /** The device path; for people only where `usb` says what to look for. */
  readonly path: string
  readonly usb?: UsbFingerprint
  readonly baud: number
  /** Firmata's sampling interval, milliseconds. */
  readonly intervalMs: number
  /** Whether an MMA8452Q is on the board's I²C bus. */
  readonly accelerometer: boolean
}

const FORM = 'firmata:///dev/ttyACM0?baud=57600&interval=20&accelerometer=on'
/** What StandardFirmata opens its UART with. */
const STANDARD_BAUD = '57600'
/**
 * 50 Hz. The hum of 50 Hz mains then folds onto the baseline, where it does no harm; at Firmata's own 19 ms it would
 * look like a wave of 2.6 Hz in the ECG.
 */
const DEFAULT_INTERVAL = '20'

/** Reads the FORM above, and `firmata+usb://2341:0043?serial=…` with the same settings. @throws HomebeatError `config.transport-url` */
export function parseFirmataUrl(text: string): FirmataAddress {
  const wrong = (why: string) => new HomebeatError('config.transport-url', `${text}: ${why}; write it as ${FORM}`)
  const { settings, ...where } = placeOf(text, wrong)
  for (const key of settings.keys()) {
    if (key !== 'baud' && key !== 'interval' && key !== 'accelerometer') throw wrong(`unknown setting "${key}"`)
  }
  const baud = settings.get('baud') ?? STANDARD_BAUD
  if (!/^\d{4,7}$/.test(baud)) throw wrong('baud must be a number, 57600 for StandardFirmata')
  const interval = settings.get('interval') ?? DEFAULT_INTERVAL
  if (!/^\d{2}$/.test(interval) || Number(interval) < 10 || Number(interval) > 50) {
    throw wrong('interval must be 10 to 50 milliseconds')
  }
  const accelerometer = settings.get('accelerometer') ?? 'on'
  if (accelerometer !== 'on' && accelerometer !== 'off') throw wrong('accelerometer must be on or off')
  return { ...where, baud: Number(baud), intervalMs: Number(interval), accelerometer: accelerometer === 'on' }
}

function placeOf(
  text: string,
  wrong: (why: string) => Error,
): Pick<FirmataAddress, 'path' | 'usb'> & { settings: URLSearchParams } {
  if (/^firmata\+usb:/i.test(text)) {
    const found = parseFingerprintUrl(text)
    if (!found) throw wrong('give vendor, product and serial number as "homebeat serial list" shows them')
    return { path: `USB device ${describeFingerprint(found.usb)}`, ...found }
  }
  if (!URL.canParse(text)) throw wrong('not a URL')
  const url = new URL(text)
  if (url.protocol !== 'firmata:') throw wrong('not a Firmata URL')
  if (url.host || url.username || url.password) throw wrong('a device path starts after three slashes')
  return { path: devicePath(url, wrong), settings: url.searchParams }
}
