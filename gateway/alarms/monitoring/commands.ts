import { z } from 'zod'
import { actorName, actorNote } from '#gateway/model/actor.js'
import { PAUSE_REASONS } from '#gateway/model/not-monitored.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import type { Monitoring } from './monitoring.js'

export function monitoringCommands(monitoring: Monitoring): ControlCommand[] {
  const via = 'command-line' as const
  const who = { by: actorName, note: actorNote.optional() }
  const actorOf = ({ by, note }: { by: string; note?: string | undefined }) => ({
    ...{ by, via },
    ...(note !== undefined && { note }),
  })
  return [
    command(
      'monitoring.pause',
      z.strictObject({ reason: z.enum(PAUSE_REASONS), minutes: z.number().positive(), ...who }),
      ({ reason, minutes, ...by }) => monitoring.pause(reason, minutes * 60_000, actorOf(by)),
    ),
    command('monitoring.resume', z.strictObject(who), async (by) => ({
      resumed: await monitoring.resume(actorOf(by)),
    })),
    command('monitoring.show', z.strictObject({}), () => ({ notMonitored: monitoring.paused })),
  ]
}
