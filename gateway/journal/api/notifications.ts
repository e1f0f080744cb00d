import type { AlertTransition } from '#gateway/model/alert.js'
import type { Notification, OpenDispatch, Told } from '#gateway/model/notification.js'

/** A stored notification: what an alert lane delivers. */
export interface StoredNotification {
  readonly id: number
  readonly notification: Notification
  /** Latest transition of its alert when it was made. */
  readonly transition: AlertTransition
}

/** Who was to be told of what. */
export interface NotificationStore {
  /** Of a row id. */
  byId(id: number): StoredNotification | null
  /** All notifications of one alert, oldest first. */
  ofAlert(alertId: string): Notification[]
  /** What became of each of them. */
  told(alertId: string): Told[]
  /** What the dispatcher restarts from. */
  openDispatch(): OpenDispatch
}
