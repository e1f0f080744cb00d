/** The part of a status that the journal knows; the same for a running gateway and for a stopped one. */

import { type AlertsSource, alertsOf } from '#gateway/alarms/alert-status.js'
import { notMonitoredOf } from '#gateway/alarms/monitoring/monitoring.js'
import { rehearsalsOf } from '#gateway/alarms/rehearsal/rehearsal.js'
import type { JournalReader } from '#gateway/journal/api/journal.js'
import type { LaneDepth } from '#gateway/journal/api/outbox.js'
import { laneKey } from '#gateway/model/lane.js'
import type { GatewayStatus, LaneReport } from '#gateway/surfaces/status/feed.js'

export type StatusSource = AlertsSource &
  Pick<JournalReader, 'measurements' | 'outbox' | 'batches' | 'anchors' | 'unmapped' | 'damages'>

export type JournalStatus = Pick<
  GatewayStatus,
  | 'notMonitored'
  | 'rehearsal'
  | 'measurements'
  | 'identityConflicts'
  | 'unmapped'
  | 'alerts'
  | 'lanes'
  | 'formerLanes'
  | 'fhir'
  | 'batches'
  | 'damages'
  | 'journalCheck'
>

/** @param now epoch ms */
export function journalStatus(journal: StatusSource, now: number): JournalStatus {
  const depths = journal.outbox.depths()
  const last = journal.batches.last()
  const fhir = depths.filter(({ lane }) => lane.kind.startsWith('fhir'))
  return {
    notMonitored: notMonitoredOf(journal.alarmActions, now),
    rehearsal: rehearsalsOf(journal.alerts, 1)[0] ?? null,
    measurements: journal.measurements.counts(),
    identityConflicts: journal.measurements.conflicts(),
    unmapped: journal.unmapped.counts(),
    alerts: alertsOf(journal, now),
    lanes: depths.map(toStatus),
    formerLanes: journal.outbox.formerDepths().map(toStatus),
    fhir: {
      accepted: fhir.reduce((sum, lane) => sum + lane.resourcesAccepted, 0),
      failed: fhir.reduce((sum, lane) => sum + lane.resourcesFailed, 0),
    },
    batches: {
      ...journal.batches.counts(),
      open: journal.measurements.unbatchedCount(),
      last: last && { number: last.number, root: last.root },
      lastAnchor: journal.anchors.lastReceipt(),
    },
    damages: journal.damages.open(),
    journalCheck: journal.damages.lastCheck(),
  }
}

const toStatus = (depth: LaneDepth): LaneReport => ({ ...depth, lane: laneKey(depth.lane) })
