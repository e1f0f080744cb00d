/** What a person at the command line may do to the alarms of the running gateway. */
import { z } from 'zod'
import { OBSERVABLES } from '#fhir/measurement.js'
import { type AlertsSource, alertsOf } from '#gateway/alarms/alert-status.js'
import { notMonitoredOf } from '#gateway/alarms/monitoring/monitoring.js'
import type { Rehearsal } from '#gateway/alarms/rehearsal/rehearsal.js'
import { type Inhibition, MAX_INHIBITION_MS } from '#gateway/clinical/evaluate/inhibition.js'
import { actorName, actorNote, alertId, alertIds } from '#gateway/model/actor.js'
import type { Actor } from '#gateway/model/alert.js'
import type { LiveAlert } from '#gateway/model/live.js'
import type { NotMonitored } from '#gateway/model/not-monitored.js'
import type { Clock } from '#gateway/platform/clock.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import { type AlarmActions, inhibitionsOf, MAX_SILENCE_MS } from './alarm-actions.js'

export interface AlarmListing {
  /** Newest first. */
  readonly alerts: readonly LiveAlert[]
  readonly inhibitions: readonly Inhibition[]
  readonly notMonitored: NotMonitored | null
}

const who = { by: actorName, note: actorNote.optional() }
const minutes = (maxMs: number) =>
  z
    .number()
    .positive()
    .max(maxMs / 60_000)
const scope = z.union([
  z.literal('all'),
  z.strictObject({ condition: z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, 'give the name of a condition') }),
  z.strictObject({ observable: z.enum(OBSERVABLES) }),
])

/** Open alerts, with `all` the latest that are over too; and what is inhibited. */
export function alarmListing(journal: AlertsSource, now: number, all: boolean): AlarmListing {
  const alerts = alertsOf(journal, now)
  return {
    alerts: all ? alerts : alerts.filter(({ state }) => state !== 'cleared'),
    notMonitored: notMonitoredOf(journal.alarmActions, now),
    inhibitions: inhibitionsOf(journal.alarmActions.latest(INHIBITIONS_LOOKED_AT), now),
  }
}

const INHIBITIONS_LOOKED_AT = 1000

export function alarmCommands(parts: {
  readonly actions: AlarmActions
  readonly rehearsal: Pick<Rehearsal, 'ask'>
  readonly journal: AlertsSource
  readonly clock: Clock
}): ControlCommand[] {
  const { actions, rehearsal, journal, clock } = parts
  return [
    command('alarms.list', z.strictObject({ all: z.boolean().default(false) }), ({ all }) =>
      alarmListing(journal, clock.now(), all),
    ),
    command('alarms.acknowledge', z.strictObject({ alerts: alertIds, ...who }), async ({ alerts, ...by }) => ({
      done: await actions.acknowledge(alerts, actorOf(by)),
    })),
    command(
      'alarms.silence',
      z.strictObject({ alerts: alertIds, minutes: minutes(MAX_SILENCE_MS), ...who }),
      async ({ alerts, minutes, ...by }) => ({ done: await actions.silence(alerts, minutes * 60_000, actorOf(by)) }),
    ),
    command('alarms.escalate', z.strictObject({ alert: alertId, ...who }), async ({ alert, ...by }) => {
      await actions.escalate(alert, actorOf(by))
      return { done: [alert] }
    }),
    command(
      'alarms.inhibit',
      z.strictObject({ scope, minutes: minutes(MAX_INHIBITION_MS), ...who }),
      ({ scope, minutes, ...by }) => actions.inhibit(scope, minutes * 60_000, actorOf(by)),
    ),
    command('alarms.rehearse', z.strictObject(who), async (by) => ({ standing: await rehearsal.ask(actorOf(by)) })),
    command('alarms.release', z.strictObject(who), async (by) => {
      const released = actions.inhibitions().length
      await actions.release(actorOf(by))
      return { released }
    }),
  ]
}

function actorOf({ by, note }: { by: string; note?: string | undefined }): Actor {
  return { by, via: 'command-line', ...(note !== undefined && { note }) }
}
