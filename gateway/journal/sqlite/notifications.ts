import type { StoredNotification } from '#gateway/journal/api/journal.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import type { DigestItem, Notification, NotificationReason, OpenDispatch, Told } from '#gateway/model/notification.js'
import type { AlertLog } from './alert-log.js'
import type { Database } from './database.js'
import { NOTIFICATIONS } from './queries.js'

interface NotificationRow {
  readonly id: number
  readonly transition: number
  readonly key: string
  readonly alertId: string
  readonly reason: string
  readonly channel: string
  readonly contact: string | null
  readonly at: number
  readonly until: number | null
  readonly covers: string | null
}

interface TellingRow {
  readonly reason: string
  readonly channel: string
  readonly contact: string | null
  readonly at: number
  readonly deliveredAt: number | null
  readonly state: string | null
  readonly trouble: string | null
}

interface ActionRow {
  readonly action: string
  readonly at: number
  readonly subjects: string
  readonly by: string
  readonly via: string
  readonly note: string | null
  readonly until: number | null
}

/** Who was to be told of what, what waits for a digest, and what people did. */
export class NotificationLog {
  readonly #database: Database
  readonly #alerts: AlertLog

  constructor(database: Database, alerts: AlertLog) {
    this.#database = database
    this.#alerts = alerts
  }

  /** Row id, or null when it is stored already, or names an alert that is not. Call inside a transaction. */
  insert(notification: Notification): number | null {
    const { key, alertId, reason, channel, contact, at, until, covers } = notification
    const { changes, id } = this.#database.run(
      NOTIFICATIONS.insert,
      key,
      reason,
      channel,
      contact ?? null,
      at,
      until ?? null,
      covers ? JSON.stringify(covers) : null,
      alertId,
    )
    if (covers && contact !== undefined)
      for (const covered of covers) this.#database.run(NOTIFICATIONS.removeDigestItem, contact, covered)
    return changes === 0 ? null : id
  }

  addDigestItem({ contact, alertId, at }: DigestItem): void {
    this.#database.run(NOTIFICATIONS.addDigestItem, contact, alertId, at)
  }

  addAction({ action, at, subjects, actor, until }: AlarmAction): void {
    const { by, via, note } = actor
    this.#database.run(
      NOTIFICATIONS.addAction,
      action,
      at,
      JSON.stringify(subjects),
      by,
      via,
      note ?? null,
      until ?? null,
    )
  }

  byId(id: number): StoredNotification | null {
    const row = this.#database.get<NotificationRow>(NOTIFICATIONS.byId, id)
    const transition = row && this.#alerts.byId(row.transition)
    return row && transition ? { id: row.id, notification: toNotification(row), transition } : null
  }

  ofAlert(alertId: string): Notification[] {
    return this.#database.all<NotificationRow>(NOTIFICATIONS.ofAlert, alertId).map(toNotification)
  }

  tellings(alertId: string): Told[] {
    return this.#database.all<TellingRow>(NOTIFICATIONS.tellings, alertId).map(toTelling)
  }

  open(alerts: readonly AlertTransition[]): OpenDispatch {
    const silences = this.actions(SILENCES_LOOKED_AT).filter(({ action }) => action === 'silence')
    return {
      open: alerts.map((alert) => ({
        alert,
        notifications: this.ofAlert(alert.alertId),
        silencedUntil: silences.find(({ subjects }) => subjects.includes(alert.alertId))?.until ?? 0,
      })),
      digest: this.#database.all<DigestItem>(NOTIFICATIONS.digestItems),
    }
  }

  actions(limit: number): AlarmAction[] {
    return this.#database.all<ActionRow>(NOTIFICATIONS.actions, limit).map(toAction)
  }
}

/** Silences last for minutes: one that still holds is among the latest actions. */
const SILENCES_LOOKED_AT = 1000

function toNotification(row: NotificationRow): Notification {
  return {
    key: row.key,
    alertId: row.alertId,
    reason: row.reason as NotificationReason,
    channel: row.channel,
    ...(row.contact !== null && { contact: row.contact }),
    at: row.at,
    ...(row.until !== null && { until: row.until }),
    ...(row.covers !== null && { covers: JSON.parse(row.covers) as string[] }),
  }
}

function toTelling({ reason, channel, contact, at, deliveredAt, state, trouble }: TellingRow): Told {
  return {
    reason: reason as NotificationReason,
    channel,
    ...(contact !== null && { contact }),
    at,
    deliveredAt,
    rejected: state === 'rejected',
    ...(deliveredAt === null && trouble !== null && { trouble }),
  }
}

function toAction(row: ActionRow): AlarmAction {
  const { by, note } = row
  return {
    action: row.action as AlarmAction['action'],
    at: row.at,
    subjects: JSON.parse(row.subjects) as string[],
    actor: { by, via: row.via as Actor['via'], ...(note !== null && { note }) },
    ...(row.until !== null && { until: row.until }),
  }
}
