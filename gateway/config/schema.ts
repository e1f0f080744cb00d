/**
 * The one schema of homebeat.yaml: types, validation, defaults; all problems reported at once.
 * The annotated example is `homebeat.example.yaml`; a test keeps it valid.
 */
import { z } from 'zod'
import { isMailbox } from '#gateway/alarms/channels/mailbox.js'
import { limitChange } from '#gateway/clinical/settings/change.js'
import { MAX_EVERY_SECONDS } from '#gateway/liveness/beat.js'
import { ALERT_KINDS, PRIORITIES } from '#gateway/model/alert.js'
import { ROLES } from '#gateway/model/role.js'
import { LOG_LEVELS } from '#gateway/platform/logger.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'

/** Names appear in lane names, topics and file names. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    'use 1 to 32 lower-case letters, digits and hyphens, starting with a letter or digit',
  )

/** A standard five- or six-field cron expression (node-cron). Checked on load. */
const cron = z.string().min(9).max(120)

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'give an account address: 0x and 40 hex digits')

export const httpUrl = z.url({ protocol: /^https?$/, error: 'give an http:// or https:// URL' })

/** When the gateway asks the kit for what it does not send by itself. */
const schedule = z.strictObject({
  cuff: cron.optional(),
  glucometer: cron.optional(),
  /** EMG shares the ECG's input: switch to EMG on `cron` for `seconds`, then back (somebody moves the jumper). */
  emg: z.strictObject({ cron, seconds: z.number().int().min(2).max(600) }).optional(),
})

/** Prefix of topics that a device has beside `homebeat/v1/<id>/`, e.g. `tele/cuff`. */
const topicPrefix = z
  .string()
  .max(200)
  .regex(
    /^(?!homebeat(\/|$))[^$+#\0/][^+#\0]*$/,
    'give a topic prefix without wildcards, not below homebeat/ and not starting with / or $',
  )

const transport = z.strictObject({
  name,
  /**
   * serial:///dev/ttyACM0?baud=115200 · serial+usb://2341:0043?serial=…&baud=115200 · serial+tcp://host:port ·
   * mqtt+broker://127.0.0.1:1883 (embedded broker) · mqtts+broker://0.0.0.0:8883 (the same for the network, with TLS) ·
   * mqtt://user@host:1883 (the site's broker) · replay:path/to/record.hea ·
   * firmata:///dev/ttyACM0?baud=57600&interval=20&accelerometer=on, firmata+usb://2341:0043 (an Uno with StandardFirmata)
   */
  url: z.string().min(1).max(500),
  /** Device id given to what arrives here where the wire names none. */
  device: name.optional(),
  schedule: schedule.default({}),
  /** mqtt: password file, mode 0600. */
  passwordFile: z.string().optional(),
  /** mqtt: what to read beside homebeat/v1/, and the device that each of it belongs to. */
  subscribe: z
    .array(
      z.strictObject({
        topic: z
          .string()
          .max(200)
          .regex(
            /^(?!homebeat(\/|$))(?!\$)[^+#/\0]+(\/(\+|[^+#/\0]*))*(\/#)?$/,
            'give a topic filter that starts with a name, not homebeat/, e.g. tele/cuff/#',
          ),
        device: name,
      }),
    )
    .max(100)
    .optional(),
  /**
   * mqtts+broker: certificate and key (mode 0600) in PEM; without them the gateway makes its own.
   * mqtts: the authority that the site's broker is checked against, and this gateway's own certificate where it asks.
   */
  tls: z
    .strictObject({ caFile: z.string().optional(), certFile: z.string().optional(), keyFile: z.string().optional() })
    .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
      error: 'give certFile and keyFile together',
    })
    .optional(),
  /** mqtt: whether devices of the site's broker may acknowledge alarms: everybody who may publish there can. */
  acknowledge: z.boolean().optional(),
  /** mqtt+broker: lets the network speak without encryption. */
  allowUnencrypted: z.boolean().optional(),
  /** mqtt+broker: what one device may send before it is held back. */
  limits: z
    .strictObject({
      messagesPerSecond: z.number().min(1).max(10_000).default(50),
      burst: z.number().int().min(1).max(100_000).default(200),
      bytesPerSecond: z.number().min(1024).max(100_000_000).default(262_144),
    })
    .optional(),
  /**
   * mqtt+broker: devices that may connect, beside those that were enrolled (homebeat device enrol). A secret's file has
   * mode 0600; an entry without one gives its topics to an enrolled device.
   */
  devices: z
    .array(
      z.strictObject({
        id: name,
        secretFile: z.string().optional(),
        topics: z.array(topicPrefix).max(10).optional(),
        /** Whether its messages on homebeat/v1/<id>/acknowledge count. */
        mayAcknowledge: z.boolean().optional(),
      }),
    )
    .max(100)
    .default([]),
})

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
    /** none: only to this machine. */
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

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'give a time of day as "HH:MM", in the local time of the home')

/** From `from` to `to`, over midnight where `to` is the earlier; on these days only (1 Monday … 7 Sunday, of `from`). */
const hours = z.strictObject({
  from: timeOfDay,
  to: timeOfDay,
  days: z.array(z.number().int().min(1).max(7)).min(1).optional(),
})

const contact = z.strictObject({
  /** A pseudonym, e.g. `doctor-1`: it stands in logs, on the FHIR server and in the alarm log. */
  id: name,
  role: z.enum(ROLES),
  /** The name of one of `alerts.channels`. */
  channel: name,
  /** Where the channel reaches this contact, e.g. an e-mail address; kept at home. */
  address: z.string().min(1).max(2000).optional(),
  /** Only then; always where left out. */
  hours: z.array(hours).max(20).default([]),
  /** What this contact is told of; by role where left out. */
  kinds: z.array(z.enum(ALERT_KINDS)).min(1).optional(),
  priorities: z.array(z.enum(PRIORITIES)).min(1).optional(),
  /** Low-priority alerts come once a day at this time, in one message. */
  digestAt: timeOfDay.optional(),
})

/** Who is told next when nobody has acknowledged. */
const escalationStep = z.strictObject({
  afterMinutes: z.number().min(0).max(1440),
  contacts: z.array(name).min(1).max(50),
})

const links = z.strictObject({
  /** How the contacts reach the link server: it stands in their messages. */
  publicUrl: httpUrl.refine((url) => /^\/*$/.test(new URL(url).pathname), 'give a URL without a path'),
  /** Where it listens. Another machine reaches it only with `tls`, unless `allowUnencrypted`. */
  host: z.string().min(1).max(253).default('127.0.0.1'),
  port: z.number().int().min(0).max(65535).default(8443),
  tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  validMinutes: z.number().min(1).max(1440).default(120),
  allowUnencrypted: z.boolean().default(false),
})

const target = z.strictObject({
  name,
  url: httpUrl,
  /** sealed: only encrypted envelopes. clear: the Observations themselves, for a server of the care team. */
  mode: z.enum(['sealed', 'clear']).default('sealed'),
  tokenFile: z.string().optional(),
  timeoutSeconds: z.number().min(1).max(300).default(30),
  /** clear only: a Task for each alert of high or medium priority, which the care team accepts on the server. */
  tasks: z.boolean().default(true),
  /** How often the server is asked for what became of the Tasks of open alerts. */
  pollSeconds: z.number().min(1).max(600).default(15),
})

const heartbeatTarget = z.strictObject({
  name,
  /** Of a receiver (homebeat watch-homes), e.g. https://watch.clinic.example/beat */
  url: httpUrl.refine((url) => url.startsWith('https:') || isLoopback(new URL(url).hostname), {
    error: 'give an https:// URL; http:// only to this machine',
  }),
  /** Holds what `homebeat watch-homes enrol` printed. */
  secretFile: z.string(),
  everySeconds: z.number().min(1).max(MAX_EVERY_SECONDS).default(60),
})

export const configSchema = z.strictObject({
  home: z.strictObject({
    /** Pseudonym of the home. */
    id: name,
    /** Pseudonym of the patient: a random one, never a name or an insurance number. */
    patient: name,
  }),
  dataDir: z.string().default('./homebeat-data'),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({}),
  transports: z.array(transport).min(1).max(20),
  /** Mapping files for other people's MQTT messages; the shipped templates are always there (gateway/intake/mapping/). */
  mappings: z.array(z.string().min(1).max(500)).max(20).default([]),
  /** Room, for each device, for messages that no mapping reads. */
  unmapped: z
    .strictObject({
      maxMessages: z.number().int().min(1).max(1_000_000).default(10_000),
      maxMebibytes: z.number().int().min(1).max(4096).default(64),
    })
    .prefault({}),
  clock: z
    .strictObject({
      /** auto: ask the machine's time service, where it has one. always: believe the machine's clock whatever it says. */
      trust: z.enum(['auto', 'always']).default('auto'),
      /** How long readings wait for a clock that is not set before they are pushed with a remark. */
      holdHours: z.number().min(0).max(720).default(24),
    })
    .prefault({}),
  commit: z
    .strictObject({
      maxDelayMs: z.number().int().min(0).max(5000).default(50),
      maxCount: z.number().int().min(1).max(10000).default(200),
    })
    .prefault({}),
  alerts: z
    .strictObject({
      channels: z.array(channel).max(20).default([]),
      /** By condition name, e.g. `low-oxygen-saturation`; `homebeat limits list` names them. */
      limits: z.record(z.string(), limitChange).default({}),
      /** By key, e.g. `news2.spo2-scale`; `homebeat settings list` names them. */
      settings: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
      contacts: z.array(contact).max(50).default([]),
      /** By priority; where left out, every contact that wants the priority is told at once. */
      escalation: z
        .strictObject({
          high: z.array(escalationStep).max(10).default([]),
          medium: z.array(escalationStep).max(10).default([]),
          low: z.array(escalationStep).max(10).default([]),
        })
        .prefault({}),
      /** Minutes after which those who know are told again, while nobody has acknowledged; 0: never. */
      remindMinutes: z
        .strictObject({
          high: z.number().min(0).max(1440).default(5),
          medium: z.number().min(0).max(1440).default(30),
          low: z.number().min(0).max(1440).default(0),
        })
        .prefault({}),
      /** Minutes after which an alert that is still open becomes a Flag on the clear FHIR targets. */
      flagAfterMinutes: z.number().min(1).max(10080).default(30),
      /** Low-priority alerts wait until these are over. */
      quietHours: z.array(hours).max(10).default([]),
      /** Links of single use in messages, by which a contact acknowledges; none where left out. */
      links: links.optional(),
      /** What a preview may say beside the condition and its time. */
      preview: z
        .strictObject({
          /** The causing value. A locked screen shows it to everybody. */
          value: z.boolean().default(false),
          /** What people call the home, instead of its pseudonym. */
          label: z.string().min(1).max(60).optional(),
        })
        .prefault({}),
    })
    .prefault({}),
  fhir: z.strictObject({ targets: z.array(target).max(10).default([]) }).prefault({}),
  batches: z
    .strictObject({ cron: cron.default('*/5 * * * *'), maxCount: z.number().int().min(1).max(5000).default(500) })
    .prefault({}),
  /** What may leave the journal: only what every FHIR target has and what is on the chain. */
  retention: z
    .strictObject({
      days: z.number().int().min(1).max(36500).default(90),
      /** Of the journal's content. Above it the oldest goes sooner, down to `minDays`. */
      maxMb: z.number().int().min(64).default(8192),
      minDays: z.number().int().min(1).max(36500).default(7),
      /** Alerts, who was told, and the Observations that they name. */
      alertDays: z.number().int().min(30).max(36500).default(730),
      /** How long a reading that a device sends again from its memory is recognised. */
      identifierDays: z.number().int().min(30).max(36500).default(400),
      /** Hashes of what went, from which the proof of an Observation can still be made; 32 bytes each. */
      proofDays: z.number().int().min(30).max(36500).default(730),
    })
    .refine(({ days, minDays }) => minDays <= days, { path: ['minDays'], error: 'must not be more than days' })
    .prefault({}),
  /** Free space of the data folder's disk below which there is an alarm, MB. */
  disk: z
    .strictObject({ lowMb: z.number().int().min(1).default(500), criticalMb: z.number().int().min(1).default(100) })
    .refine(({ lowMb, criticalMb }) => criticalMb < lowMb, { path: ['criticalMb'], error: 'must be less than lowMb' })
    .prefault({}),
  /** Who raises an alarm when this gateway falls silent; better two than one. */
  heartbeat: z.strictObject({ targets: z.array(heartbeatTarget).max(10).default([]) }).prefault({}),
  /** How long something may wait before people are told, minutes. */
  lanes: z
    .strictObject({
      pushMinutes: z.number().min(1).max(10080).default(30),
      anchorMinutes: z.number().min(1).max(10080).default(120),
      alertMinutes: z.number().min(0.5).max(60).default(2),
    })
    .prefault({}),
  chain: z.strictObject({
    name: name.default('consortium'),
    /** JSON-RPC endpoints, tried in turn. */
    endpoints: z.array(httpUrl).min(1).max(20),
    chainId: z.number().int().positive(),
    /** AnchorRegistry. */
    contract: address,
    /** Blocks on top before an anchor counts; 0 where blocks are final at once (QBFT, anvil). */
    confirmations: z.number().int().min(0).max(100).default(0),
    /** wei; 0 on free-gas networks. */
    gasPrice: z.number().int().min(0).default(0),
    pollSeconds: z.number().min(0.05).max(60).default(2),
  }),
  console: z
    .strictObject({
      /** Loopback only until the console has logins. */
      host: z.enum(['127.0.0.1', '::1', 'localhost']).default('127.0.0.1'),
      port: z.number().int().min(0).max(65535).default(8080),
    })
    .prefault({}),
})

export type Config = z.output<typeof configSchema>
export type TransportConfig = Config['transports'][number]
export type ChannelConfig = Config['alerts']['channels'][number]
export type TargetConfig = Config['fhir']['targets'][number]
export type ChainConfig = Config['chain']
export type LinksConfig = NonNullable<Config['alerts']['links']>
export type ContactConfig = Config['alerts']['contacts'][number]
export type LimitOverrides = Config['alerts']['limits']
