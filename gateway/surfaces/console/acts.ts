/** What the page may do to alarms. Bodies are JSON: `{"by", "note"?, …}`; the answer is `{"done": [<alert id>…]}`. */
import { z } from 'zod'
import { actorName, actorNote, alertId, alertIds } from '#gateway/model/actor.js'
import type { Actor } from '#gateway/model/alert.js'
import { PAUSE_REASONS, type PauseReason } from '#gateway/model/not-monitored.js'

/** What the page needs of AlarmActions. */
export interface ConsoleActions {
  acknowledge(alertIds: readonly string[] | 'all', actor: Actor): Promise<string[]>
  silence(alertIds: readonly string[] | 'all', forMs: number, actor: Actor): Promise<string[]>
  escalate(alertId: string, actor: Actor): Promise<void>
  /** Nobody is monitored for a while. */
  pause(reason: PauseReason, forMs: number, actor: Actor): Promise<unknown>
  resume(actor: Actor): Promise<unknown>
}

interface Act {
  readonly path: string
  readonly input: z.ZodType
  readonly run: (actions: ConsoleActions, input: never) => Promise<string[]>
}

const act = <Schema extends z.ZodType>(
  name: string,
  input: Schema,
  run: (actions: ConsoleActions, input: z.output<Schema>) => Promise<string[]>,
): Act => ({ path: `/api/alarms/${name}`, input, run: run as Act['run'] })

const who = { by: actorName, note: actorNote.optional() }

export const ACTS: readonly Act[] = [
  act('acknowledge', z.strictObject({ alerts: alertIds, ...who }), (actions, { alerts, ...by }) =>
    actions.acknowledge(alerts, actorOf(by)),
  ),
  act(
    'silence',
    z.strictObject({ alerts: alertIds, minutes: z.number().positive().max(60), ...who }),
    (actions, { alerts, minutes, ...by }) => actions.silence(alerts, minutes * 60_000, actorOf(by)),
  ),
  act('escalate', z.strictObject({ alert: alertId, ...who }), async (actions, { alert, ...by }) => {
    await actions.escalate(alert, actorOf(by))
    return [alert]
  }),
  act(
    'pause',
    z.strictObject({ reason: z.enum(PAUSE_REASONS), minutes: z.number().positive().max(200_000), ...who }),
    async (actions, { reason, minutes, ...by }) => {
      await actions.pause(reason, minutes * 60_000, actorOf(by))
      return [reason]
    },
  ),
  act('resume', z.strictObject(who), async (actions, by) => {
    await actions.resume(actorOf(by))
    return ['resumed']
  }),
]

function actorOf({ by, note }: { by: string; note?: string | undefined }): Actor {
  return { by, via: 'console', ...(note !== undefined && { note }) }
}
