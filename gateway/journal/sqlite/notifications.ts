import type { AlarmActionStore } from '#gateway/journal/api/alarm-actions.js'
import type { NotificationStore, StoredNotification } from '#gateway/journal/api/notifications.js'
import type { DigestItem, Notification, OpenDispatch, Told } from '#gateway/model/notification.js'
import type { AlertLog } from './alert-log.js'
import type { Database } from './database.js'
import { NOTIFICATIONS } from './queries.js'

interface NotificationRow extends Pick<Notification, 'key' | 'alertId' | 'reason' | 'channel' | 'at'> {
  readonly id: number
  readonly transition: number
  readonly contact: string | null
  readonly until: number | null
  readonly covers: string | null
}

interface ToldRow extends Pick<Told, 'reason' | 'channel' | 'at' | 'deliveredAt'> {
  readonly contact: string | null
  readonly state: string | null
  readonly trouble: string | null
}

/** The messages that were owed to people, and the alerts that are kept for a digest. */
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

function toNotification({ key, alertId, reason, channel, at, contact, until, covers }: NotificationRow): Notification {
  return {
    ...{ key, alertId, reason, channel, at },
    ...(contact !== null && { contact }),
    ...(until !== null && { until }),
    ...(covers !== null && { covers: JSON.parse(covers) as string[] }),
  }
}

function toTold({ reason, channel, contact, at, deliveredAt, state, trouble }: ToldRow): Told {
  return {
    ...{ reason, channel, at, deliveredAt, rejected: state === 'rejected' },
    ...(contact !== null && { contact }),
    ...(deliveredAt === null && trouble !== null && { trouble }),
  }
}
