/** The scheme of a transport's URL says what it is: each with what reads the rest. */
import { didYouMean } from '#gateway/platform/did-you-mean.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { parseFirmataUrl } from './firmata/address.js'
import { parseMqttUrl } from './mqtt/address.js'
import { parseReplayAddress } from './replay/address.js'
import { parseSerialUrl } from './serial/address.js'

const READERS = {
  serial: parseSerialUrl,
  'serial+usb': parseSerialUrl,
  'serial+tcp': parseSerialUrl,
  firmata: parseFirmataUrl,
  'firmata+usb': parseFirmataUrl,
  mqtt: parseMqttUrl,
  mqtts: parseMqttUrl,
  'mqtt+broker': parseMqttUrl,
  'mqtts+broker': parseMqttUrl,
  replay: parseReplayAddress,
} as const satisfies Record<string, (url: string) => unknown>

export type TransportScheme = keyof typeof READERS

/** @throws HomebeatError `config.transport-url` */
export function schemeOf(url: string): TransportScheme {
  const scheme = /^([a-z+]+):/i.exec(url)?.[1] ?? ''
  if (Object.hasOwn(READERS, scheme)) return scheme as TransportScheme
  const known = didYouMean(
    `${scheme}:`,
    Object.keys(READERS).map((one) => `${one}:`),
  )
  throw new HomebeatError(
    'config.transport-url',
    `starts with ${scheme ? `"${scheme}:"` : 'no scheme'}, which is none of a transport${known}`,
  )
}

/** Reads a URL as its transport will. @throws HomebeatError `config.transport-url` */
export function checkTransportUrl(url: string): void {
  READERS[schemeOf(url)](url)
}
