/** `alerts.channels` and `alerts.preview`: by which ways people are told, and what a message may say. */
import { z } from 'zod'
import { parseFirmataUrl } from '#gateway/intake/transports/firmata/address.js'
import { parseMqttUrl } from '#gateway/intake/transports/mqtt/address.js'
import {
  across,
  type ConfigProblem,
  httpUrl,
  name,
  namedList,
  readBy,
  together,
} from '#gateway/platform/config-grammar.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import type { SecretUse } from '#gateway/platform/secrets/check-secrets.js'
import { isMailbox } from './mailbox.js'

const port = z.number().int().min(1).max(65535)

const topic = z
  .string()
  .max(200)
  .regex(/^[^\s+#$/]+(\/[^\s+#/]+)*$/, 'give an MQTT topic without wildcards, white space and empty levels')

const pin = z.number().int().min(2).max(127)

const channelForm = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('terminal'), name: name.default('terminal') }),
  z.strictObject({
    type: z.literal('webhook'),
    name,
    url: httpUrl,
    tokenFile: z.string().optional(),
    /** PEM; instead of the authorities that Node trusts. */
    caFile: z.string().optional(),
    /** Holds `whsec_` and base64: requests are signed by Standard Webhooks. */
    secretFile: z.string().optional(),
  }),
  /** E-mail by the site's mail server; a contact's address is the recipient. */
  together(
    z.strictObject({
      type: z.literal('smtp'),
      name,
      host: z.string().min(1).max(253),
      /** 587 with starttls, 465 with tls, 25 with none. */
      port: port.optional(),
      /** `none` is allowed to this machine only. */
      security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
      user: z.string().min(1).max(254).optional(),
      passwordFile: z.string().optional(),
      /** PEM; instead of the authorities that Node trusts. */
      caFile: z.string().optional(),
      from: z.string().refine(isMailbox, 'give one plain e-mail address, e.g. homebeat@example.org'),
    }),
    ['user', 'passwordFile'],
  ),
  /** A contact's address is the subscription of their browser, as JSON or `file:path`. */
  z.strictObject({
    type: z.literal('webpush'),
    name,
    /** Whom a push service may write to about this sender (RFC 8292, 2.1). */
    subject: z
      .string()
      .max(254)
      .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, 'give a mailto: or https:// URL'),
  }),
  z.strictObject({
    type: z.literal('ntfy'),
    name,
    /** Of the server, without the topic. */
    url: httpUrl,
    /** For contacts without an address, and where no contact uses the channel. */
    topic: z
      .string()
      .regex(/^[-_A-Za-z0-9]{1,64}$/, 'use 1 to 64 letters, digits, hyphens and underscores')
      .optional(),
    tokenFile: z.string().optional(),
    /** PEM; instead of the authorities that Node trusts. */
    caFile: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('mqtt'),
    name,
    /** mqtt://user@broker.lan:1883 or mqtts://user@broker.example:8883 */
    url: readBy(brokerUrl),
    passwordFile: z.string().optional(),
    /** PEM; instead of the authorities that Node trusts. */
    caFile: z.string().optional(),
    /** `homebeat/v1/<home>/alerts` where left out. */
    topicPrefix: topic.optional(),
    /** Also a retained topic for each alert that is not over. */
    retainState: z.boolean().default(false),
    /** Home Assistant's discovery prefix (its own default: homeassistant); a binary sensor for each priority. */
    homeAssistant: topic.optional(),
  }),
  /** Lamps, buzzer and button on a board with Firmata of its own. */
  z.strictObject({
    type: z.literal('annunciator'),
    name: name.default('annunciator'),
    /** firmata:///dev/ttyACM1?baud=57600 */
    url: readBy(parseFirmataUrl),
    /** Digital pins: a lamp for each priority (red, yellow, cyan), a buzzer, a button to ground. */
    pins: z
      .strictObject({
        high: pin.default(9),
        medium: pin.default(10),
        low: pin.default(11),
        buzzer: pin.default(8),
        button: pin.default(2),
      })
      .prefault({}),
  }),
])

/** What one key of a channel alone cannot show. */
function* contradictions(channel: z.output<typeof channelForm>): Iterable<ConfigProblem> {
  const isFar = (url: string) => !url.startsWith('https:') && !isLoopback(new URL(url).hostname)
  if ((channel.type === 'webhook' || channel.type === 'ntfy') && channel.tokenFile !== undefined && isFar(channel.url))
    yield {
      path: ['url'],
      message: 'would send its token over plain HTTP: use an https:// URL, or leave out tokenFile',
    }
  if (channel.type === 'smtp' && channel.security === 'none' && !isLoopback(channel.host))
    yield {
      path: ['security'],
      message: `would send e-mail without encryption to ${channel.host}: set it to starttls or tls`,
    }
  if (channel.type === 'mqtt') {
    const { user } = parseMqttUrl(channel.url)
    if (user !== undefined && channel.passwordFile === undefined)
      yield { path: ['passwordFile'], message: `is missing: the URL names the user ${user}` }
    if (user === undefined && channel.passwordFile !== undefined)
      yield { path: ['url'], message: 'names no user for the passwordFile: write mqtts://user@host:8883' }
  }
  if (channel.type === 'annunciator') {
    const pins = Object.entries(channel.pins)
    for (const [i, [what, pin]] of pins.entries()) {
      const [other] = pins.find(([, one], j) => one === pin && j < i) ?? []
      if (other !== undefined)
        yield {
          path: ['pins', what],
          message: `is the pin of ${other} too: give each lamp, the buzzer and the button its own`,
        }
    }
  }
}

/** @throws HomebeatError `config.transport-url` */
function brokerUrl(text: string): void {
  parseMqttUrl(text)
  if (!/^mqtts?:/.test(text)) throw new HomebeatError('config.transport-url', 'give an mqtt:// or mqtts:// URL')
}

const channel = across(channelForm, contradictions)

export const channelsConfig = namedList(channel, 20).default([])

/** What a preview may say beside the condition and its time. */
export const previewConfig = z
  .strictObject({
    /** The causing value. A locked screen shows it to everybody. */
    value: z.boolean().default(false),
    /** What people call the home, instead of its pseudonym. */
    label: z.string().min(1).max(60).optional(),
  })
  .prefault({})

/** What messages say beside the alarm itself; never on a locked screen. */
export const messageConfig = z
  .strictObject({
    /** Whom to call, a line each, e.g. "At home: +44 …" and "Out of hours: …". */
    call: z.array(z.string().min(1).max(120)).max(5).default([]),
    /** Where to look at the values, e.g. the clinic's page. */
    look: httpUrl.optional(),
  })
  .prefault({})

export type MessageConfig = z.output<typeof messageConfig>
export type ChannelConfig = z.output<typeof channel>

/** The files of authorities (PEM) that channels name. */
export const channelAuthorities = (channels: readonly ChannelConfig[]) =>
  channels.map((channel, i) => ({
    path: ['alerts', 'channels', i],
    caFile: 'caFile' in channel ? channel.caFile : undefined,
  }))

/** The secret files that channels name. */
export function channelSecrets(channels: readonly ChannelConfig[]): SecretUse[] {
  return channels.flatMap((channel, i) => {
    const path = ['alerts', 'channels', i]
    const whose = `the alert channel ${channel.name}`
    const use = (key: string, file: string | undefined, holds: string, form?: SecretUse['form']): SecretUse[] =>
      file === undefined ? [] : [{ path: [...path, key], file, holds, ...(form && { form }) }]
    return [
      ...('tokenFile' in channel
        ? use('tokenFile', channel.tokenFile, `the access token of ${whose}, one line, issued by who runs its server`)
        : []),
      ...('secretFile' in channel
        ? use('secretFile', channel.secretFile, `the signing secret that ${whose} and its receiver share`, 'webhook')
        : []),
      ...('passwordFile' in channel
        ? use('passwordFile', channel.passwordFile, `the password of ${whose}, one line, issued by who runs its server`)
        : []),
    ]
  })
}
