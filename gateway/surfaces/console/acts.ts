/** What the page may do to alarms. Bodies are JSON: `{"by", "note"?, …}`; the answer is `{"done": [<alert id>…]}`. */
import { z } from 'zod'
import { actorName, actorNote, alertId, alertIds } from '#gateway/model/actor.js'
import type { Actor } from '#gateway/model/alert.js'

/** Of the AlarmDesk. */
export interface ConsoleDesk {
  acknowledge(alertIds: readonly string[] | 'all', actor: Actor): Promise<string[]>
  silence(alertIds: readonly string[] | 'all', forMs: number, actor: Actor): Promise<string[]>
  escalate(alertId: string, actor: Actor): Promise<void>
}

interface Act {
  readonly path: string
  readonly input: z.ZodType
  readonly run: (desk: ConsoleDesk, input: never) => Promise<string[]>
}

const act = <Schema extends z.ZodType>(
  name: string,
  input: Schema,
  run: (desk: ConsoleDesk, input: z.output<Schema>) => Promise<string[]>,
): Act => ({ path: `/api/alarms/${name}`, input, run: run as Act['run'] })

const who = { by: actorName, note: actorNote.optional() }

export const ACTS: readonly Act[] = [
  act('acknowledge', z.strictObject({ alerts: alertIds, ...who }), (desk, { alerts, ...by }) =>
    desk.acknowledge(alerts, actorOf(by)),
  ),
  act(
    'silence',
    z.strictObject({ alerts: alertIds, minutes: z.number().positive().max(60), ...who }),
    (desk, { alerts, minutes, ...by }) => desk.silence(alerts, minutes * 60_000, actorOf(by)),
  ),
  act('escalate', z.strictObject({ alert: alertId, ...who }), async (desk, { alert, ...by }) => {
    await desk.escalate(alert, actorOf(by))
    return [alert]
  }),
]

function actorOf({ by, note }: { by: string; note?: string | undefined }): Actor {
  return { by, via: 'console', ...(note !== undefined && { note }) }
}
