/** The part of a status that the journal knows; the same for a running gateway and for a stopped one. */

import { type AlertsSource, alertsOf } from '#gateway/alarms/alert-status.js'
import type { Journal, LaneDepth } from '#gateway/journal/api/journal.js'
import { laneKey } from '#gateway/model/lane.js'
import type { GatewayStatus, LaneReport } from '#gateway/surfaces/status/feed.js'

export type StatusSource = AlertsSource &
  Pick<Journal, 'totals' | 'depths' | 'formerDepths' | 'lastBatch' | 'unbatchedCount' | 'damages'> & {
    readonly anchors: Pick<Journal['anchors'], 'lastReceipt'>
    readonly unmapped: Pick<Journal['unmapped'], 'counts'>
  }

export type JournalStatus = Pick<
  GatewayStatus,
  'measurements' | 'unmapped' | 'alerts' | 'lanes' | 'formerLanes' | 'fhir' | 'batches' | 'damages'
>

/** @param now epoch ms */
export function journalStatus(journal: StatusSource, now: number): JournalStatus {
  const totals = journal.totals()
  const depths = journal.depths()
  const last = journal.lastBatch()
  const fhir = depths.filter(({ lane }) => lane.kind === 'fhir')
  return {
    measurements: totals.measurements,
    unmapped: journal.unmapped.counts(),
    alerts: alertsOf(journal, now),
    lanes: depths.map(toStatus),
    formerLanes: journal.formerDepths().map(toStatus),
    fhir: {
      accepted: fhir.reduce((sum, lane) => sum + lane.resourcesAccepted, 0),
      failed: fhir.reduce((sum, lane) => sum + lane.resourcesFailed, 0),
    },
    batches: {
      closed: totals.batchesClosed,
      anchored: totals.batchesAnchored,
      open: journal.unbatchedCount(),
      last: last && { number: last.number, root: last.root },
      lastAnchor: journal.anchors.lastReceipt(),
    },
    damages: journal.damages(),
  }
}

const toStatus = (depth: LaneDepth): LaneReport => ({ ...depth, lane: laneKey(depth.lane) })
