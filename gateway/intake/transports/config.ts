/** `transports`: where readings come from. */
import { z } from 'zod'
import {
  across,
  type ConfigProblem,
  cron,
  differing,
  name,
  namedList,
  readBy,
  together,
} from '#gateway/platform/config-grammar.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { overlap } from './mqtt/acl.js'
import { parseMqttUrl } from './mqtt/address.js'
import { checkTransportUrl, schemeOf } from './transport-url.js'

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
  url: readBy(checkTransportUrl),
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
  tls: together(
    z.strictObject({ caFile: z.string().optional(), certFile: z.string().optional(), keyFile: z.string().optional() }),
    ['certFile', 'keyFile'],
  ).optional(),
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
  devices: differing(
    z
      .array(
        z.strictObject({
          id: name,
          secretFile: z.string().optional(),
          topics: z.array(topicPrefix).max(10).optional(),
          /** Whether its messages on homebeat/v1/<id>/acknowledge count. */
          mayAcknowledge: z.boolean().optional(),
        }),
      )
      .max(100),
    'id',
  ).default([]),
})

export const transportsConfig = namedList(across(transport, contradictions), 20).min(1)

/** What a scheme and the keys beside it cannot mean together. */
function* contradictions({
  url,
  schedule,
  tls,
  acknowledge,
  allowUnencrypted,
  devices,
  passwordFile,
}: z.output<typeof transport>): Iterable<ConfigProblem> {
  const scheme = schemeOf(url)
  const isBroker = scheme.endsWith('+broker')
  const isClient = scheme === 'mqtt' || scheme === 'mqtts'
  if (!scheme.startsWith('serial') && Object.keys(schedule).length > 0)
    yield { path: ['schedule'], message: 'only a serial kit can be asked: remove it' }
  if (acknowledge !== undefined && !isClient)
    yield {
      path: ['acknowledge'],
      message: "is for the site's own broker (mqtt://, mqtts://): at another say mayAcknowledge: true at each device",
    }
  if (isBroker || isClient) {
    const { host, user } = parseMqttUrl(url)
    if (isClient && passwordFile !== undefined && user === undefined)
      yield { path: ['url'], message: `names no user for the passwordFile: write ${scheme}://user@${host}` }
    if (tls && scheme === 'mqtt')
      yield { path: ['url'], message: `has tls beside it and is not encrypted: write mqtts://${host}:8883` }
    if (tls && isBroker && (scheme === 'mqtt+broker' || tls.caFile !== undefined))
      yield {
        path: ['tls'],
        message: 'is certFile and keyFile of an mqtts+broker:// URL: this broker asks no device for a certificate',
      }
    if (scheme === 'mqtt+broker' && !isLoopback(host) && !allowUnencrypted)
      yield {
        path: ['url'],
        message: `would let the network speak without encryption: use mqtts+broker://${host}:8883, or say allowUnencrypted: true`,
      }
  }
  for (const [i, device] of devices.entries())
    for (const other of devices.slice(0, i))
      if (other.id !== device.id && overlap(other, device))
        yield {
          path: ['devices', i, 'topics'],
          message: `the topics of ${other.id} and ${device.id} overlap: give each device its own prefix`,
        }
}

export type TransportConfig = z.output<typeof transport>
