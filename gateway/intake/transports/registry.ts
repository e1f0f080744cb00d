import type { TransportConfig } from '#gateway/intake/transports/config.js'
import type { Transport } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { FirmataTransport } from './firmata/firmata-transport.js'
import { BrokerTransport } from './mqtt/broker-transport.js'
import { ClientTransport } from './mqtt/client-transport.js'
import type { EnrolledDevices } from './mqtt/enrolled-devices.js'
import { ReplayTransport } from './replay/replay-transport.js'
import type { SerialBinding } from './serial/binding.js'
import { SerialTransport } from './serial/serial-transport.js'
import { schemeOf, type TransportScheme } from './transport-url.js'

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

type Create = (config: TransportConfig, dependencies: TransportDependencies) => Transport

const SERIAL: Create = (config, { serialBinding: binding, ...dependencies }) =>
  new SerialTransport({ ...config, ...dependencies, binding })
const FIRMATA: Create = (config, { serialBinding: binding, ...dependencies }) =>
  new FirmataTransport({ ...config, ...dependencies, binding })
const MQTT_CLIENT: Create = (config, dependencies) => new ClientTransport({ ...config, ...dependencies })
const MQTT_BROKER: Create = (config, { devices: store, ...dependencies }) =>
  new BrokerTransport({ ...config, ...dependencies, ...(store && { store }) })
const REPLAY: Create = (config, dependencies) =>
  new ReplayTransport({ ...config, ...dependencies, device: config.device ?? config.name })

const BY_SCHEME: Readonly<Record<TransportScheme, Create>> = {
  serial: SERIAL,
  'serial+usb': SERIAL,
  'serial+tcp': SERIAL,
  firmata: FIRMATA,
  'firmata+usb': FIRMATA,
  mqtt: MQTT_CLIENT,
  mqtts: MQTT_CLIENT,
  'mqtt+broker': MQTT_BROKER,
  'mqtts+broker': MQTT_BROKER,
  replay: REPLAY,
}

/** The scheme of the URL chooses. Opens nothing yet. @throws HomebeatError `config.transport-url` */
export function createTransport(config: TransportConfig, dependencies: TransportDependencies): Transport {
  return BY_SCHEME[schemeOf(config.url)](config, dependencies)
}
