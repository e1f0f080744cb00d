import { recipientKey } from '#gateway/alarms/dispatch/recipients.js'
import { SALVAGE } from '#gateway/journal/salvage/salvage-queries.js'
import type { Tables } from './tables.js'

interface Lanes {
  readonly fhir: readonly { readonly name: string; readonly alerts: boolean }[]
  readonly alert: readonly string[]
  readonly anchor: readonly string[]
}

interface Untold {
  readonly id: number
  readonly channel: string
  readonly contact: string | null
}

/**
 * After salvaging: what a lane may not have got is owed again. Twice is harmless, for deliveries are idempotent; never
 * is not. @param now epoch ms
 */
export function requeue({ database, outbox }: Tables, lanes: Lanes, now: number): void {
  database.transaction(() => {
    database.run(SALVAGE.rejectIncomplete, now)
    for (const { number } of database.all<{ number: number }>(SALVAGE.complete))
      for (const { name } of lanes.fhir) outbox.add(`fhir:${name}`, 'batch', number)
    for (const name of lanes.anchor) database.run(SALVAGE.dropWaitingAnchors, `anchor:${name}`)
    for (const { number } of database.all<{ number: number }>(SALVAGE.notAnchored))
      for (const name of lanes.anchor) outbox.add(`anchor:${name}`, 'batch', number)
    for (const { id } of database.all<{ id: number }>(SALVAGE.activeTransitions))
      for (const { name, alerts } of lanes.fhir) if (alerts) outbox.add(`fhir:${name}`, 'alert', id)
    for (const { id, channel, contact } of database.all<Untold>(SALVAGE.untold)) {
      const recipient = recipientKey({ channel, ...(contact !== null && { contact }) })
      if (lanes.alert.includes(recipient)) outbox.add(`alert:${recipient}`, 'notification', id)
    }
  })
}
