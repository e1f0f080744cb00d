/** The alert channels with a lane for each contact: the same at a home and at the clinic. */
import type { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { acknowledgeByButton } from '#gateway/alarms/actions/button.js'
import { type ChannelDependencies, noticeOf } from '#gateway/alarms/channels/channel.js'
import { channelCommands } from '#gateway/alarms/channels/commands.js'
import { ConfiguredChannels } from '#gateway/alarms/channels/configured-channels.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import type { Config } from '#gateway/config/schema.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { AlertDeliverer, type AlertDelivererOptions } from '#gateway/outbound/alerts/alert-deliverer.js'
import { alertLanes } from '#gateway/outbound/lanes/configured-lanes.js'
import { LaneWorker } from '#gateway/outbound/lanes/worker.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Part } from './program.js'

export type Channels = ReturnType<typeof channelsOf>

/** @throws HomebeatError `channel.*`, `secret.*` where one cannot work as it is configured */
export function channelsOf(
  dependencies: ChannelDependencies & {
    readonly alerts: Pick<Config['alerts'], 'channels' | 'contacts' | 'preview' | 'message'>
    readonly journal: Pick<Journal, 'alerts' | 'notifications' | 'outbox' | 'values'>
    readonly clock: Clock
    readonly logger: Logger
    readonly acknowledgeUrl?: AlertDelivererOptions['acknowledgeUrl']
    readonly said?: AlertDelivererOptions['surroundings']
  },
) {
  const { alerts, journal, home, clock, logger, acknowledgeUrl, said } = dependencies
  const { contacts, preview, message } = alerts
  const surroundings = () => ({ ...message, ...said?.() })
  const addressOf = (id: string) => {
    const contact = contacts.find((one) => one.id === id)
    return contact ? { ...(contact.address !== undefined && { address: contact.address }) } : null
  }
  const channels = alerts.channels.map((config) => createChannel(config, dependencies))
  const links = acknowledgeUrl && { acknowledgeUrl }
  const lanes = channels.flatMap((channel, i) => {
    const deliverer = new AlertDeliverer({ channel, journal, home, preview, addressOf, surroundings, ...links })
    return alertLanes({ channels: alerts.channels.slice(i, i + 1), contacts }).map(
      ({ lane }) => new LaneWorker({ lane, journal, deliverer, clock, logger }),
    )
  })
  return { channels, lanes, configured: new ConfiguredChannels({ channels, contacts, home, preview, clock }) }
}

/** @param beside what opens and closes with the channels */
export function channelParts(
  { channels, configured }: Channels,
  dependencies: {
    readonly actions: AlarmActions
    readonly home: string
    readonly logger: Logger
    readonly beside?: readonly (Lifecycle & HealthCheck)[]
  },
): Part[] {
  const { actions, home, logger, beside = [] } = dependencies
  acknowledgeByButton(channels, actions, logger)
  const lifecycles = channels.map((channel) => ({
    start: async () => channel.start?.(actions.open().map((open) => noticeOf(open, home))),
    stop: async () => channel.stop?.(),
  }))
  return [
    {
      name: 'channels',
      stage: 'outbound',
      lifecycle: [...lifecycles, ...beside],
      health: beside,
      commands: channelCommands(configured),
    },
  ]
}

/** Lanes that are drained together. */
export function laneParts(name: string, lanes: readonly LaneWorker[]): Part[] {
  const drain = (ms: number) => Promise.all(lanes.map((lane) => lane.drain(ms)))
  return [{ name, stage: 'outbound', lifecycle: lanes, drain }]
}
