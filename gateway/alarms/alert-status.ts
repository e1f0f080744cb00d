/** The latest alerts as people see them: state, who was told, who has acknowledged. From the journal alone. */

import { TERMINOLOGY } from '#fhir/terminology.js'
import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { type AlertTransition, isUnattended } from '#gateway/model/alert.js'
import type { LiveAlert } from '#gateway/model/live.js'
import { limitWords, unitOf, withUnit } from '#gateway/wording/cause-words.js'

/** Episodes shown; older ones stay in the journal. What is open is always shown. */
const EPISODES = 50
/** A silence lasts an hour at most: one that still holds is among the latest actions. */
const ACTIONS = 200

export type AlertsSource = Pick<Journal, 'alerts' | 'notifications' | 'alarmActions'>

/** The latest state of each of the latest episodes, newest first. @param now epoch ms */
export function alertsOf(journal: AlertsSource, now: number): LiveAlert[] {
  const open = journal.alerts.active()
  const recent = journal.alerts.latest(EPISODES * 2)
  const latest = new Map<string, AlertTransition>()
  for (const transition of [...recent, ...open]) {
    if (!latest.has(transition.alertId)) latest.set(transition.alertId, transition)
  }
  const acknowledged = new Map<string, AlertTransition>()
  for (const transition of [...open, ...recent])
    if (transition.state === 'acknowledged') acknowledged.set(transition.alertId, transition)
  const told = toldOf(journal, open)
  const silences = journal.alarmActions
    .latest(ACTIONS)
    .filter(({ action, until = 0 }) => action === 'silence' && until > now)
  const shown = [...latest.values()].filter(({ state }, i) => state !== 'cleared' || i < EPISODES)
  return shown.map((transition) => {
    const { alertId, condition, kind, priority, state, raisedAt, at } = transition
    const by = acknowledged.get(alertId)
    const silence = isUnattended(state) ? silences.find(({ subjects }) => subjects.includes(alertId)) : undefined
    return {
      ...{ alertId, condition, kind, priority, state, raisedAt, at },
      deliveredTo: [...(told.get(alertId) ?? [])],
      ...aboutOf(transition),
      ...(by?.actor && { acknowledged: { by: by.actor.by, via: by.actor.via, at: by.at } }),
      ...(silence?.until !== undefined && { silencedUntil: silence.until }),
    }
  })
}

/** By alert, whom it has reached. */
function toldOf(journal: AlertsSource, open: readonly AlertTransition[]): Map<string, Set<string>> {
  const told = new Map<string, Set<string>>()
  const add = (alertId: string, name: string) => told.set(alertId, (told.get(alertId) ?? new Set()).add(name))
  for (const { transition, ...delivery } of journal.alerts.deliveries(EPISODES)) {
    add(transition.alertId, recipientWords(delivery))
  }
  for (const { alertId } of open)
    for (const telling of journal.notifications.told(alertId))
      if (telling.deliveredAt !== null) add(alertId, recipientWords(telling))
  return told
}

/** `nurse-1 (push)`; the channel alone where it is told of everything by itself. */
export function recipientWords({ channel, contact }: { channel: string; contact?: string }): string {
  return contact === undefined ? channel : `${contact} (${channel})`
}

/** The sensor that an alert is about, its limit and its worst value. */
function aboutOf(transition: AlertTransition): Pick<LiveAlert, 'sensor' | 'limit' | 'worst'> {
  const { condition, observable, limit, worst } = transition
  const sensor = observable
    ? TERMINOLOGY[observable].sensor
    : SENSORS.find(({ kind }) =>
        condition.endsWith(`-${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`),
      )?.kind
  const unit = unitOf(transition)
  return {
    ...(sensor && { sensor }),
    ...(limit && { limit: limitWords(limit, unit) }),
    // Of what has neither been acknowledged nor ended nobody has kept it yet, and a lost value is its last, not its worst.
    ...(limit && worst !== undefined && !condition.startsWith('lost-') && { worst: withUnit(worst, unit) }),
  }
}
