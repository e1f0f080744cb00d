import { HomebeatError } from '#gateway/platform/errors.js'

/** The topics of version 1: `homebeat/v1/<device id>/<what>`. */
export const TOPIC_ROOT = 'homebeat/v1/'
/** Of a message's payload, by the contract; a longer one is no reading, but it is kept. */
export const MAX_PAYLOAD_BYTES = 64 * 1024
/** Of a message that is taken at all. */
export const MAX_MESSAGE_BYTES = 4 * MAX_PAYLOAD_BYTES

export const DEVICE_ID = /^[a-z0-9][a-z0-9-]{0,31}$/

export interface MqttAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly user: string | undefined
  readonly clientId: string | undefined
  /** The URL without what must not be shown. */
  readonly shown: string
}

const FORMS =
  'mqtt+broker://127.0.0.1:1883, mqtts+broker://0.0.0.0:8883, mqtt://user@host:1883 or mqtts://user@host:8883'

/** Reads the four MQTT URLs. A password in it is refused: it would end up in logs. @throws HomebeatError `config.transport-url` */
export function parseMqttUrl(text: string): MqttAddress {
  const wrong = (why: string, shown: string) =>
    new HomebeatError('config.transport-url', `${shown}: ${why}; write it as ${FORMS}`)
  if (!URL.canParse(text)) throw wrong('not a URL', 'transports[].url')
  const url = new URL(text)
  const shown = `${url.protocol}//${url.host}`
  if (url.password)
    throw wrong('put the password in a file of mode 0600 and name it in transports[].passwordFile', shown)
  if (!['mqtt:', 'mqtts:', 'mqtt+broker:', 'mqtts+broker:'].includes(url.protocol))
    throw wrong('not an MQTT URL', shown)
  if (!url.hostname) throw wrong('give the host', shown)
  if (url.pathname !== '' && url.pathname !== '/') throw wrong('no path may follow the port', shown)
  for (const key of url.searchParams.keys())
    if (key !== 'clientId' || url.protocol.endsWith('+broker:')) throw wrong(`unknown setting "${key}"`, shown)
  const clientId = url.searchParams.get('clientId') ?? undefined
  if (clientId !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(clientId))
    throw wrong('clientId must be 1 to 64 letters, digits, hyphens and underscores', shown)
  const tls = url.protocol.startsWith('mqtts')
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (tls ? 8883 : 1883) : Number(url.port),
    tls,
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    clientId,
    shown,
  }
}

/** The device a topic belongs to, or null when it is not one of ours. */
export function deviceOfTopic(topic: string): string | null {
  if (!topic.startsWith(TOPIC_ROOT)) return null
  const rest = topic.slice(TOPIC_ROOT.length)
  const slash = rest.indexOf('/')
  const device = rest.slice(0, slash)
  return slash > 0 && slash < rest.length - 1 && DEVICE_ID.test(device) ? device : null
}
