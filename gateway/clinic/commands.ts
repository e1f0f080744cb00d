import { z } from 'zod'
import type { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { actorName, actorNote } from '#gateway/model/actor.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import type { HomeMonitor } from './home-monitor.js'
import { homeOf } from './home-record.js'
import { type HomeRegister, unknownHome } from './home-register.js'
import type { ClinicReport } from './report.js'

export interface ClinicCommandsDependencies {
  readonly register: HomeRegister
  readonly monitor: Pick<HomeMonitor, 'forget'>
  readonly actions: Pick<AlarmActions, 'open' | 'acknowledge'>
  readonly report: () => ClinicReport
}

const home = z.string().min(1).max(32)

/** What a person may tell a running receiver. */
export function clinicCommands({ register, monitor, actions, report }: ClinicCommandsDependencies): ControlCommand[] {
  return [
    command('home.list', z.strictObject({}), () => report()),
    command('home.enrol', z.strictObject({ home, renew: z.boolean() }), (input) => ({
      secret: register.enrol(input.home, input.renew),
    })),
    command('home.forget', z.strictObject({ home }), (input) => {
      register.forget(input.home)
      monitor.forget(input.home)
    }),
    command('home.acknowledge', z.strictObject({ home, by: actorName, note: actorNote.optional() }), async (input) => {
      if (!register.get(input.home)) throw unknownHome(input.home)
      const ids = actions
        .open()
        .flatMap(({ alertId, condition }) => (homeOf(condition) === input.home ? [alertId] : []))
      const actor = {
        by: input.by,
        via: 'command-line' as const,
        ...(input.note !== undefined && { note: input.note }),
      }
      return { acknowledged: ids.length === 0 ? [] : await actions.acknowledge(ids, actor) }
    }),
  ]
}
