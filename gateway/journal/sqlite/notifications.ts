import type { AlarmActionStore } from '#gateway/journal/api/alarm-actions.js'
import type { NotificationStore, StoredNotification } from '#gateway/journal/api/notifications.js'
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

interface ToldRow {
  readonly reason: string
  readonly channel: string
  readonly contact: string | null
  readonly at: number
  readonly deliveredAt: number | null
  readonly state: string | null
  readonly trouble: string | null
}

/** Who was to be told of what, and what is kept for a digest. */
export class NotificationLog implements NotificationStore {
  readonly #database: Database
  readonly #alerts: AlertLog
  readonly #actions: AlarmActionStore

  constructor(database: Database, alerts: AlertLog, actions: AlarmActionStore) {
    this.#database = database
    this.#alerts = alerts
    this.#actions = actions
  }

  /** Row id, or null when it is stored already, or names an alert that is not. Call inside a transaction. */
  insert(notification: Notification): number | null {
    const { key, alertId, reason, channel, contact, at, until, covers } = notification
    const { changes, id } = this.#database.run(
      NOTIFICATIONS.insert,
      ...[key, reason, channel, contact ?? null, at, until ?? null, covers ? JSON.stringify(covers) : null, alertId],
    )
    if (covers && contact !== undefined)
      for (const covered of covers) this.#database.run(NOTIFICATIONS.removeDigestItem, contact, covered)
    return changes === 0 ? null : id
  }

  addDigestItem({ contact, alertId, at }: DigestItem): void {
    this.#database.run(NOTIFICATIONS.addDigestItem, contact, alertId, at)
  }

  byId(id: number): StoredNotification | null {
    const row = this.#database.get<NotificationRow>(NOTIFICATIONS.byId, id)
    const transition = row && this.#alerts.byId(row.transition)
    return row && transition ? { id: row.id, notification: toNotification(row), transition } : null
  }

  ofAlert(alertId: string): Notification[] {
    return this.#database.all<NotificationRow>(NOTIFICATIONS.ofAlert, alertId).map(toNotification)
  }

  told(alertId: string): Told[] {
    return this.#database.all<ToldRow>(NOTIFICATIONS.told, alertId).map(toTold)
  }

  openDispatch(): OpenDispatch {
    const silences = this.#actions.latest(SILENCES_LOOKED_AT).filter(({ action }) => action === 'silence')
    return {
      open: this.#alerts.active().map((alert) => ({
        alert,
        notifications: this.ofAlert(alert.alertId),
        silencedUntil: silences.find(({ subjects }) => subjects.includes(alert.alertId))?.until ?? 0,
      })),
      digest: this.#database.all<DigestItem>(NOTIFICATIONS.digestItems),
    }
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

function toTold({ reason, channel, contact, at, deliveredAt, state, trouble }: ToldRow): Told {
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
