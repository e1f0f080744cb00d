import type { AlertTransition } from '#gateway/model/alert.js'
import type { NotificationReason } from '#gateway/model/notification.js'

export interface AlertDelivery {
  readonly id: number
  readonly transition: AlertTransition
  /** Row id of the notification; absent for deliveries of a journal of before there were any. */
  readonly notification?: number
  readonly channel: string
  readonly contact?: string
  readonly reason: NotificationReason
  readonly deliveredAt: number
}

/** The alert log: transitions, and which of them reached whom. */
export interface AlertStore {
  /** The latest transition of each episode that is not cleared; what the alert machine restarts from. */
  active(): AlertTransition[]
  /** @param id of the row */
  byId(id: number): AlertTransition | null
  /** All transitions of one alert, oldest first. */
  episode(alertId: string): AlertTransition[]
  /** The same, by the row id of the episode. */
  episodeById(id: number): AlertTransition[]
  /** Transitions of a condition, those of the latest alert first. */
  ofCondition(condition: string, limit: number): AlertTransition[]
  /** Newest first. */
  latest(limit: number): AlertTransition[]
  /** Transitions of these times (epoch ms, both included), oldest first. */
  between(from: number, to: number): AlertTransition[]
  delivery(id: number): AlertDelivery | null
  /** All deliveries, oldest first, of the latest `limit` episodes. */
  deliveries(limit: number): AlertDelivery[]
}
