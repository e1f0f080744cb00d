/** The serial ports of this machine, and which of them a USB device is on at the moment. */
import { z } from 'zod'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { SerialBinding } from './binding.js'

/** What a USB device says of itself: 4 lower-case hex digits each, and a serial number where it has one. */
export interface UsbFingerprint {
  readonly vendorId: string
  readonly productId: string
  readonly serial?: string | undefined
}

export interface Port {
  readonly path: string
  readonly manufacturer?: string | undefined
  /** Null: not a USB device. */
  readonly usb: UsbFingerprint | null
}

const text = z.string().max(256).optional().catch(undefined)
const hex = z
  .string()
  .regex(/^(0x)?[0-9a-f]{1,4}$/i)
  .transform((digits) => digits.toLowerCase().replace('0x', '').padStart(4, '0'))
  .optional()
  .catch(undefined)
const listed = z.object({
  path: z.string().min(1).max(256),
  manufacturer: text,
  serialNumber: text,
  vendorId: hex,
  productId: hex,
})

/** @throws HomebeatError `serial.not-listed` */
export async function listPorts(binding: Pick<SerialBinding, 'list'>): Promise<Port[]> {
  const entries = await binding.list().catch((cause: Error) => {
    throw new HomebeatError(
      'serial.not-listed',
      `Serial ports cannot be listed (${cause.message}): install udev (apt install udev), or name the port by its path, e.g. serial:///dev/ttyACM0.`,
      { retry: 'transient', cause },
    )
  })
  return entries.flatMap((entry) => {
    const { data } = listed.safeParse(entry)
    if (!data) return []
    const { path, manufacturer, vendorId, productId, serialNumber } = data
    const usb = vendorId && productId ? { vendorId, productId, serial: serialNumber || undefined } : null
    return [{ path, manufacturer, usb }]
  })
}

/**
 * The path that a USB device has now; it changes with every plugging in.
 * @throws HomebeatError `serial.not-found`, `serial.ambiguous`: which of two kits is meant is never guessed
 */
export async function findPort(wanted: UsbFingerprint, binding: Pick<SerialBinding, 'list'>): Promise<string> {
  const alike = (await listPorts(binding)).filter(
    ({ usb }) =>
      usb?.vendorId === wanted.vendorId &&
      usb.productId === wanted.productId &&
      (wanted.serial === undefined || usb.serial === wanted.serial),
  )
  const [first, second] = alike
  if (!first)
    throw new HomebeatError(
      'serial.not-found',
      `there is no USB device ${describeFingerprint(wanted)}: is the kit plugged in? "homebeat serial list" shows what is`,
      { retry: 'transient' },
    )
  if (second) {
    const which = alike.map(({ path, usb }) => `${path} (${usb?.serial ? `serial=${usb.serial}` : 'no serial number'})`)
    const told = new Set(alike.map(({ usb }) => usb?.serial)).size === alike.length && alike.every((a) => a.usb?.serial)
    throw new HomebeatError(
      'serial.ambiguous',
      `${alike.length} USB devices are ${describeFingerprint(wanted)}: ${which.join(', ')}; ${
        told ? 'add the serial= of the one that is meant to the URL' : 'unplug one, or name its path: serial:///dev/…'
      }`,
      { retry: 'transient' },
    )
  }
  return first.path
}

export const describeFingerprint = ({ vendorId, productId, serial }: UsbFingerprint): string =>
  `${vendorId}:${productId}${serial === undefined ? '' : ` with serial number ${serial}`}`

/** Not for `URL`: it takes what follows the colon for a port, in decimal. */
const FINGERPRINT_URL = /^[a-z]+\+usb:\/\/([0-9a-f]{4}):([0-9a-f]{4})\/?(?:\?([^#]*))?$/i

/** Reads `<scheme>+usb://2341:0043?serial=…&…`; the other settings are the caller's to check. Null: it has another shape. */
export function parseFingerprintUrl(text: string): { usb: UsbFingerprint; settings: URLSearchParams } | null {
  const [, vendorId, productId, query = ''] = FINGERPRINT_URL.exec(text) ?? []
  const settings = new URLSearchParams(query)
  const serial = settings.get('serial')
  if (!vendorId || !productId || serial === '') return null
  settings.delete('serial')
  const usb = { vendorId: vendorId.toLowerCase(), productId: productId.toLowerCase(), ...(serial && { serial }) }
  return { usb, settings }
}

/** Ready to be pasted into transports[].url. */
export function portUrl({ path, usb }: Port): string {
  if (!usb) return `serial://${encodeURI(path)}`
  const serial = usb.serial === undefined ? '' : `?serial=${encodeURIComponent(usb.serial)}`
  return `serial+usb://${usb.vendorId}:${usb.productId}${serial}`
}
