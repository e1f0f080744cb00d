import { type LaneRoute, lanesOwed } from '#gateway/journal/routing.js'
import { SALVAGE } from '#gateway/journal/salvage/salvage-queries.js'
import { laneKey } from '#gateway/model/lane.js'
import type { Tables } from './tables.js'

interface Untold {
  readonly id: number
  readonly channel: string
  readonly contact: string | null
}

/**
 * After salvaging: what a lane may not have got is owed again. Twice is harmless, for deliveries are idempotent; never
 * is not. @param now epoch ms
 */
export function requeue({ database, outbox }: Tables, routes: readonly LaneRoute[], now: number): void {
  const ids = (sql: string) => database.all<{ id: number }>(sql).map(({ id }) => id)
  const batchLanes = lanesOwed(routes, 'batch')
  const anchors = batchLanes.filter(({ kind }) => kind === 'anchor')
  database.transaction(() => {
    database.run(SALVAGE.rejectIncomplete, now)
    for (const id of ids(SALVAGE.complete))
      for (const lane of batchLanes) if (lane.kind !== 'anchor') outbox.add(lane, 'batch', id)
    for (const lane of anchors) database.run(SALVAGE.dropWaitingAnchors, laneKey(lane))
    for (const id of ids(SALVAGE.notAnchored)) for (const lane of anchors) outbox.add(lane, 'batch', id)
    for (const id of ids(SALVAGE.activeTransitions))
      for (const lane of lanesOwed(routes, 'alert')) outbox.add(lane, 'alert', id)
    for (const { id, channel, contact } of database.all<Untold>(SALVAGE.untold)) {
      const lanes = lanesOwed(routes, 'notification', { channel, ...(contact !== null && { contact }) })
      for (const lane of lanes) if (lane.kind === 'alert') outbox.add(lane, 'notification', id)
    }
  })
}
