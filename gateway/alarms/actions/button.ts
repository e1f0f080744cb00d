import type { AlertChannel } from '#gateway/alarms/channels/channel.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { AlarmActions } from './alarm-actions.js'

/** Whoever presses the button of a channel acknowledges what it shows, in the channel's name. */
export function acknowledgeByButton(
  channels: readonly Pick<AlertChannel, 'onAcknowledged'>[],
  actions: Pick<AlarmActions, 'acknowledge'>,
  logger: Logger,
): void {
  for (const one of channels)
    one.onAcknowledged?.(({ channel, alertIds }) => {
      actions
        .acknowledge(alertIds, { by: channel, via: 'button' })
        .catch((error) => logger.warn({ channel, err: error }, 'the button’s acknowledgement was refused'))
    })
}
