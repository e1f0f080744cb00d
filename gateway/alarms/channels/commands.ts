import { z } from 'zod'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import type { ConfiguredChannels } from './configured-channels.js'

/** What a person may ask of a running gateway's channels. */
export function channelCommands(book: ConfiguredChannels): ControlCommand[] {
  return [
    command(
      'channel.test',
      z.strictObject({ name: z.string().max(32), contact: z.string().max(32).optional() }),
      ({ name, contact }) => book.test(name, contact),
    ),
  ]
}
