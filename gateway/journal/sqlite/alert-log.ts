import type { Observable } from '#fhir/measurement.js'
import type { AlertDelivery, AlertStore } from '#gateway/journal/api/alerts.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { ALERTS } from './queries.js'
import { openTransition, sealTransition } from './sealed-rows.js'

type Always = 'alertId' | 'condition' | 'kind' | 'priority' | 'state' | 'at' | 'raisedAt'

interface TransitionRow extends Pick<AlertTransition, Always> {
  readonly id: number
  readonly observable: Observable | null
  readonly measurement: string | null
  /** Sealed, with that of the limit. */
  readonly value: Uint8Array | null
  readonly comparator: NonNullable<AlertTransition['limit']>['comparator'] | null
  readonly actorBy: string | null
  readonly actorVia: Actor['via']
  readonly actorNote: string | null
}

interface DeliveryRow extends TransitionRow, Pick<AlertDelivery, 'channel' | 'reason' | 'deliveredAt'> {
  readonly deliveryId: number
  readonly notification: number | null
  readonly contact: string | null
}

/** The alert log: transitions, the state of each episode, and whom each transition reached. */
export class AlertLog implements AlertStore {
  readonly #database: Database
  readonly #cipher: RowCipher

  constructor(database: Database, cipher: RowCipher) {
    this.#database = database
    this.#cipher = cipher
  }

  /** Row id of the transition, or null when this very transition is stored already. Call inside a transaction. */
  insert(transition: AlertTransition): number | null {
    const { alertId, condition, kind, priority, state, at, raisedAt, observable, measurement, limit, actor } =
      transition
    const { changes, id } = this.#database.run(
      ALERTS.insert,
      ...[alertId, condition, kind, priority, state, at, raisedAt, observable ?? null, measurement ?? null],
      sealTransition(
        this.#cipher,
        transition,
        transition.value ?? null,
        limit?.value ?? null,
        transition.worst ?? null,
      ),
      ...[limit?.comparator ?? null, actor?.by ?? null, actor?.via ?? null, actor?.note ?? null],
    )
    if (changes === 0) return null
    this.#database.run(ALERTS.upsertEpisode, alertId, id, state === 'cleared' ? 0 : 1)
    return id
  }

  active(): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.active).map((row) => this.#transition(row))
  }

  byId(id: number): AlertTransition | null {
    const row = this.#database.get<TransitionRow>(ALERTS.byId, id)
    return row ? this.#transition(row) : null
  }

  latest(limit: number): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.latest, limit).map((row) => this.#transition(row))
  }

  episode(alertId: string): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.ofAlert, alertId).map((row) => this.#transition(row))
  }

  ofCondition(condition: string, limit: number): AlertTransition[] {
    // The id of an alert is its condition and a number; ':' is what follows '9'.
    const rows = this.#database.all<TransitionRow>(ALERTS.ofCondition, `${condition}-0`, `${condition}-:`, limit)
    return rows.map((row) => this.#transition(row))
  }

  /** Row id of the episode, or null when no such alert is stored. */
  episodeId(alertId: string): number | null {
    return this.#database.get<{ id: number }>(ALERTS.episodeId, alertId)?.id ?? null
  }

  episodeById(id: number): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.ofEpisode, id).map((row) => this.#transition(row))
  }

  between(from: number, to: number): AlertTransition[] {
    return this.#database.all<TransitionRow>(ALERTS.between, from, to).map((row) => this.#transition(row))
  }

  /** Row id of the delivery, or null when this notification is known to be delivered. */
  insertDelivery(notification: number, deliveredAt: number): number | null {
    const { changes, id } = this.#database.run(ALERTS.insertDelivery, deliveredAt, notification)
    return changes === 0 ? null : id
  }

  delivery(id: number): AlertDelivery | null {
    const row = this.#database.get<DeliveryRow>(ALERTS.deliveryById, id)
    return row ? this.#toDelivery(row) : null
  }

  deliveries(limit: number): AlertDelivery[] {
    return this.#database.all<DeliveryRow>(ALERTS.deliveries, limit).map((row) => this.#toDelivery(row))
  }

  #transition(row: TransitionRow): AlertTransition {
    const { alertId, condition, kind, priority, state, at, raisedAt, observable, measurement, comparator } = row
    const { actorBy: by, actorVia: via, actorNote: note } = row
    const [value, limit, worst] = this.#values(row)
    return {
      ...{ alertId, condition, kind, priority, state, at, raisedAt },
      ...(observable !== null && { observable }),
      ...(measurement !== null && { measurement }),
      ...(value !== null && { value }),
      ...(comparator !== null && limit !== null && { limit: { comparator, value: limit } }),
      ...(worst !== undefined && { worst }),
      ...(by !== null && { actor: { by, via, ...(note !== null && { note }) } }),
    }
  }

  /** Without the key, or where it does not open, an alert is still an alert: its values are left out. */
  #values(row: TransitionRow): [value: number | null, limit: number | null, worst?: number] {
    const { value } = row
    if (value === null) return [null, null]
    try {
      return openTransition(this.#cipher, row, value)
    } catch {
      return [null, null]
    }
  }

  #toDelivery(row: DeliveryRow): AlertDelivery {
    const { deliveryId: id, notification, channel, contact, reason, deliveredAt } = row
    return {
      ...{ id, transition: this.#transition(row), channel, reason, deliveredAt },
      ...(notification !== null && { notification }),
      ...(contact !== null && { contact }),
    }
  }
}
