import type { AlertTransition } from '#gateway/model/alert.js'
import type { Notification, OpenDispatch, Told } from '#gateway/model/notification.js'

/** A stored notification: what an alert lane delivers. */
export interface StoredNotification {
  readonly id: number
  readonly notification: Notification
  /** Latest transition of its alert when it was made. */
  readonly transition: AlertTransition
}

/** The messages that were owed to people. */
export interface NotificationStore {
  /** @param id of the row */
  byId(id: number): StoredNotification | null
  /** All notifications of one alert, oldest first. */
  ofAlert(alertId: string): Notification[]
  /** The same with what became of each. */
  told(alertId: string): Told[]
  /** What the dispatcher restarts from. */
  openDispatch(): OpenDispatch
}
