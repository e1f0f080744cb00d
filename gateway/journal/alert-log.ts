import type { Observable } from '#fhir/measurement.js'
import type { Actor, AlertKind, AlertState, AlertTransition, Priority } from '#gateway/alerts/alert.js'
import type { NotificationReason } from '#gateway/alerts/dispatch/notification.js'
import type { Database } from './database.js'
import type { AlertDelivery } from './journal.js'
import { ALERTS } from './queries.js'

interface TransitionRow {
  readonly id: number
  readonly alertId: string
  readonly condition: string
  readonly kind: string
  readonly priority: string
  readonly state: string
  readonly at: number
  readonly raisedAt: number
  readonly observable: string | null
  readonly measurement: string | null
  readonly value: number | null
  readonly comparator: string | null
  readonly limitValue: number | null
  readonly actorBy: string | null
  readonly actorVia: string | null
  readonly actorNote: string | null
}

interface DeliveryRow extends TransitionRow {
  readonly deliveryId: number
  readonly channel: string
  readonly contact: string | null
  readonly reason: string
  readonly deliveredAt: number
}

/** The alarm log: transitions, the state of each episode, and which channel each transition reached. */
export class AlertLog {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Row id of the transition, or null when this very transition is stored already. Call inside a transaction. */
  insert(transition: AlertTransition): number | null {
    const { alertId, condition, kind, priority, state, at, raisedAt, limit, actor } = transition
    const { changes, id } = this.#database.run(
      ALERTS.insert,
      alertId,
      condition,
      kind,
      priority,
      state,
      at,
      raisedAt,
      transition.observable ?? null,
      transition.measurement ?? null,
      transition.value ?? null,
      limit?.comparator ?? null,
      limit?.value ?? null,
      actor?.by ?? null,
      actor?.via ?? null,
      actor?.note ?? null,
    )
    if (changes === 0) return null
    this.#database.run(ALERTS.upsertEpisode, alertId, id, state === 'cleared' ? 0 : 1)
    return id
  }

  active(): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.active).map(toTransition)
  }

  byId(id: number): AlertTransition | null {
    const row = this.#database.get<TransitionRow>(ALERTS.byId, id)
    return row ? toTransition(row) : null
  }

  latest(limit: number): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.latest, limit).map(toTransition)
  }

  /** All transitions of one alert, oldest first. */
  ofAlert(alertId: string): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.ofAlert, alertId).map(toTransition)
  }

  /** Transitions of these times (epoch ms, both included), oldest first. */
  between(from: number, to: number): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.between, from, to).map(toTransition)
  }

  /** Row id of the delivery, or null when this notification is known to be delivered. */
  insertDelivery(notification: number, deliveredAt: number): number | null {
    const { changes, id } = this.#database.run(ALERTS.insertDelivery, deliveredAt, notification)
    return changes === 0 ? null : id
  }

  deliveryById(id: number): AlertDelivery | null {
    const row = this.#database.get<DeliveryRow>(ALERTS.deliveryById, id)
    return row ? toDelivery(row) : null
  }

  deliveries(limit: number): AlertDelivery[] {
    return this.#database.all<DeliveryRow>(ALERTS.deliveries, limit).map(toDelivery)
  }
}

function toTransition(row: TransitionRow): AlertTransition {
  return {
    alertId: row.alertId,
    condition: row.condition,
    kind: row.kind as AlertKind,
    priority: row.priority as Priority,
    state: row.state as AlertState,
    at: row.at,
    raisedAt: row.raisedAt,
    ...(row.observable !== null && { observable: row.observable as Observable }),
    ...(row.measurement !== null && { measurement: row.measurement }),
    ...(row.value !== null && { value: row.value }),
    ...(row.comparator !== null &&
      row.limitValue !== null && {
        limit: {
          comparator: row.comparator as NonNullable<AlertTransition['limit']>['comparator'],
          value: row.limitValue,
        },
      }),
    ...(row.actorBy !== null && {
      actor: {
        by: row.actorBy,
        via: row.actorVia as Actor['via'],
        ...(row.actorNote !== null && { note: row.actorNote }),
      },
    }),
  }
}

function toDelivery(row: DeliveryRow): AlertDelivery {
  const { deliveryId: id, channel, contact, deliveredAt } = row
  const reason = row.reason as NotificationReason
  return { id, transition: toTransition(row), channel, ...(contact !== null && { contact }), reason, deliveredAt }
}
