import type { AlertKind, AlertState, AlertTransition, Priority } from '#gateway/alerts/alert.js'
import type { DeliveryOutcome } from '#gateway/lanes/outcome.js'
import { previewOf } from './preview.js'

/** What a channel may tell the world of an alert: no value, no limit, no name. */
export interface AlertNotice {
  readonly alertId: string
  readonly condition: string
  readonly priority: Priority
  readonly kind: AlertKind
  readonly state: AlertState
  /** Epoch ms of the transition. */
  readonly at: number
  /** Epoch ms at which the episode became active. */
  readonly raisedAt: number
  /** Pseudonym of the home. */
  readonly home: string
  /** One line in plain words, e.g. "HIGH: oxygen saturation low (active since 14:02)". */
  readonly preview: string
}

/** A way to reach people. All implementations pass `test/behaviours/channel.behaviour.ts`. */
export interface AlertChannel {
  readonly name: string
  /** Never rejects. The same notice may come twice; the far end is given what it needs to recognise it. */
  notify(notice: AlertNotice, signal: AbortSignal): Promise<DeliveryOutcome>
  /** Where a channel holds something open. @param active what was raised before the gateway started and is not over. */
  start?(active: readonly AlertNotice[]): Promise<void>
  stop?(): Promise<void>
}

export function noticeOf(transition: AlertTransition, home: string): AlertNotice {
  const { alertId, condition, priority, kind, state, at, raisedAt } = transition
  return { alertId, condition, priority, kind, state, at, raisedAt, home, preview: previewOf(transition) }
}
