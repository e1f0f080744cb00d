/** `alerts.channels` and `alerts.preview`: by which ways people are told, and what a message may say. */
import { z } from 'zod'
import { httpUrl, name, namedList } from '#gateway/platform/config-grammar.js'
import { isMailbox } from './mailbox.js'

const port = z.number().int().min(1).max(65535)

const topic = z
  .string()
  .max(200)
  .regex(/^[^\s+#$/]+(\/[^\s+#/]+)*$/, 'give an MQTT topic without wildcards, white space and empty levels')

const pin = z.number().int().min(2).max(127)

const channel = z.discriminatedUnion('type', [
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
    url: z.url({ protocol: /^mqtts?$/, error: 'give an mqtt:// or mqtts:// URL' }).max(500),
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
    url: z.string().min(1).max(500),
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

/** The secret files that channels name. */
export function channelSecrets(channels: readonly ChannelConfig[]): (string | undefined)[] {
  return channels.flatMap((channel) => [
    'tokenFile' in channel ? channel.tokenFile : undefined,
    'secretFile' in channel ? channel.secretFile : undefined,
    'passwordFile' in channel ? channel.passwordFile : undefined,
  ])
}
