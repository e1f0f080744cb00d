import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import type { Clock } from '#gateway/platform/clock.js'
import { annunciatorChannel } from './annunciator.js'
import type { AlertChannel } from './channel.js'
import { mqttChannel } from './mqtt.js'
import { ntfyChannel } from './ntfy.js'
import { smtpChannel } from './smtp.js'
import { type LineStream, terminalChannel } from './terminal.js'
import { webhookChannel } from './webhook.js'
import { webPushChannel } from './webpush.js'

/** What channels touch of the world. */
export interface ChannelEdges {
  readonly fetch: typeof fetch
  /** Where the terminal channel writes; process.stderr in the gateway. */
  readonly stream: LineStream
  /** Pseudonym of the home. */
  readonly home: string
  /** Relative file names of the configuration start here. */
  readonly baseDir: string
  /** The gateway's own folder; its keys are in `keys/`. */
  readonly dataDir: string
  /** Longest wait for an answer; each channel has its own default. */
  readonly timeoutMs?: number
  /** The system's clock where left out. */
  readonly clock?: Clock
  /** Instead of the machine's own serial ports. */
  readonly serialBinding?: SerialBinding
  /** Somebody has pressed the button of a local annunciator. */
  readonly acknowledged?: (acknowledgement: Acknowledgement) => void
}

/** Who was there has seen these alerts. */
export interface Acknowledgement {
  readonly channel: string
  /** Epoch ms. */
  readonly at: number
  readonly alertIds: readonly string[]
}

type Factories = {
  readonly [Type in ChannelConfig['type']]: (
    config: Extract<ChannelConfig, { type: Type }>,
    edges: ChannelEdges,
  ) => AlertChannel
}

/** To add a channel: its file, its variant in the configuration's schema, and a line here. */
const FACTORIES: Factories = {
  terminal: terminalChannel,
  webhook: webhookChannel,
  smtp: smtpChannel,
  webpush: webPushChannel,
  ntfy: ntfyChannel,
  mqtt: mqttChannel,
  annunciator: annunciatorChannel,
}

/** @throws HomebeatError where the configuration cannot work (`secret.*`, `channel.*`, `config.*`). */
export function createChannel(config: ChannelConfig, edges: ChannelEdges): AlertChannel {
  // TypeScript does not connect the variant with its factory; the mapped type above does.
  const factory = FACTORIES[config.type] as (config: ChannelConfig, edges: ChannelEdges) => AlertChannel
  return factory(config, edges)
}
