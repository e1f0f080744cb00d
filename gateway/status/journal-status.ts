/** The part of a status that the journal knows; the same for a running gateway and for a stopped one. */
import type { GatewayStatus, LiveAlert } from '#gateway/console/feed.js'
import type { Journal } from '#gateway/journal/journal.js'

/** Episodes shown; older ones stay in the journal. */
const EPISODES = 50

export type StatusSource = Pick<
  Journal,
  'totals' | 'depths' | 'formerDepths' | 'lastBatch' | 'transitions' | 'alertDeliveries' | 'unbatchedCount' | 'damages'
> & {
  readonly anchors: Pick<Journal['anchors'], 'lastReceipt'>
  readonly unmapped: Pick<Journal['unmapped'], 'counts'>
}

export type JournalStatus = Pick<
  GatewayStatus,
  'measurements' | 'unmapped' | 'alerts' | 'lanes' | 'formerLanes' | 'fhir' | 'batches' | 'damages'
>

export function journalStatus(journal: StatusSource): JournalStatus {
  const totals = journal.totals()
  const lanes = journal.depths()
  const last = journal.lastBatch()
  const fhir = lanes.filter((lane) => lane.lane.startsWith('fhir:'))
  return {
    measurements: totals.measurements,
    unmapped: journal.unmapped.counts(),
    alerts: episodes(journal),
    lanes,
    formerLanes: journal.formerDepths(),
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

/** Latest state of each of the latest episodes, newest first, with the channels that took it. */
function episodes(journal: StatusSource): LiveAlert[] {
  const deliveredTo = new Map<string, Set<string>>()
  for (const { transition, channel } of journal.alertDeliveries(EPISODES)) {
    const channels = deliveredTo.get(transition.alertId) ?? new Set<string>()
    deliveredTo.set(transition.alertId, channels.add(channel))
  }
  const latest = new Map<string, LiveAlert>()
  for (const t of journal.transitions(EPISODES * 2)) {
    if (latest.has(t.alertId)) continue
    latest.set(t.alertId, {
      alertId: t.alertId,
      condition: t.condition,
      kind: t.kind,
      priority: t.priority,
      state: t.state,
      raisedAt: t.raisedAt,
      at: t.at,
      deliveredTo: [...(deliveredTo.get(t.alertId) ?? [])],
    })
  }
  return [...latest.values()].slice(0, EPISODES)
}
