import type { TransportConfig } from '#gateway/intake/transports/config.js'
import type { Transport } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { FirmataTransport } from './firmata/firmata-transport.js'
import { BrokerTransport } from './mqtt/broker-transport.js'
import { ClientTransport } from './mqtt/client-transport.js'
import type { EnrolledDevices } from './mqtt/enrolled-devices.js'
import { ReplayTransport } from './replay/replay-transport.js'
import type { SerialBinding } from './serial/binding.js'
import { SerialTransport } from './serial/serial-transport.js'

export interface TransportDependencies {
  readonly clock: Clock
  readonly logger: Logger
  /** Instead of the machine's own serial ports. */
  readonly serialBinding?: SerialBinding
  /** The folder that relative paths in the configuration count from. */
  readonly baseDir: string
  /** Where a transport keeps what it must know after a restart; nothing is kept without it. */
  readonly dataDir?: string
  /** The devices that were enrolled. */
  readonly devices?: EnrolledDevices
}

const SERIAL = (config: TransportConfig, { clock, logger, serialBinding }: TransportDependencies): Transport =>
  new SerialTransport({ name: config.name, url: config.url, clock, logger, binding: serialBinding })

const FIRMATA = ({ name, url }: TransportConfig, { clock, logger, serialBinding }: TransportDependencies): Transport =>
  new FirmataTransport({ name, url, clock, logger, binding: serialBinding })

const MQTT_CLIENT = (config: TransportConfig, { clock, logger, baseDir }: TransportDependencies): Transport =>
  new ClientTransport({
    name: config.name,
    url: config.url,
    passwordFile: config.passwordFile,
    tls: config.tls,
    subscribe: config.subscribe,
    baseDir,
    clock,
    logger,
  })

const MQTT_BROKER = (config: TransportConfig, dependencies: TransportDependencies): Transport => {
  const { name, url, devices, tls, allowUnencrypted, limits } = config
  const { clock, logger, baseDir, dataDir, devices: store } = dependencies
  const own = { ...(dataDir === undefined ? {} : { dataDir }), ...(store === undefined ? {} : { store }) }
  return new BrokerTransport({ name, url, devices, tls, allowUnencrypted, limits, baseDir, clock, logger, ...own })
}

const BY_SCHEME: Readonly<Record<string, (config: TransportConfig, dependencies: TransportDependencies) => Transport>> =
  {
    serial: SERIAL,
    'serial+usb': SERIAL,
    'serial+tcp': SERIAL,
    firmata: FIRMATA,
    'firmata+usb': FIRMATA,
    mqtt: MQTT_CLIENT,
    mqtts: MQTT_CLIENT,
    'mqtt+broker': MQTT_BROKER,
    'mqtts+broker': MQTT_BROKER,
    replay: ({ name, url, device }, { clock, logger, baseDir }) =>
      new ReplayTransport({ name, url, device: device ?? name, baseDir, clock, logger }),
  }

/** The scheme of the URL chooses. Opens nothing yet. @throws HomebeatError `config.transport-url` */
export function createTransport(config: TransportConfig, dependencies: TransportDependencies): Transport {
  const scheme = /^([a-z+]+):/.exec(config.url)?.[1] ?? ''
  const create = Object.hasOwn(BY_SCHEME, scheme) ? BY_SCHEME[scheme] : undefined
  if (!create)
    throw new HomebeatError(
      'config.transport-url',
      `transports[${config.name}].url starts with ${scheme ? `"${scheme}:"` : 'no known scheme'}: use one of ${Object.keys(
        BY_SCHEME,
      )
        .map((known) => `${known}:`)
        .join(', ')}`,
    )
  return create(config, dependencies)
}
