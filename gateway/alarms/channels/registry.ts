import { annunciatorChannel } from './annunciator.js'
import type { AlertChannel, ChannelDependencies } from './channel.js'
import type { ChannelConfig } from './config.js'
import { mqttChannel } from './mqtt.js'
import { ntfyChannel } from './ntfy.js'
import { smtpChannel } from './smtp.js'
import { terminalChannel } from './terminal.js'
import { webhookChannel } from './webhook.js'
import { webPushChannel } from './webpush.js'

type Factories = {
  readonly [Type in ChannelConfig['type']]: (
    config: Extract<ChannelConfig, { type: Type }>,
    dependencies: ChannelDependencies,
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
export function createChannel(config: ChannelConfig, dependencies: ChannelDependencies): AlertChannel {
  // TypeScript does not connect the variant with its factory; the mapped type above does.
  const factory = FACTORIES[config.type] as (config: ChannelConfig, dependencies: ChannelDependencies) => AlertChannel
  return factory(config, dependencies)
}
