import type { AlertStore } from '#gateway/journal/api/alerts.js'
import type { DamageStore } from '#gateway/journal/api/damages.js'
import type { LaneDepth, OutboxStore } from '#gateway/journal/api/outbox.js'
import { ALERT_KINDS, type AlertTransition, PRIORITIES, type Priority } from '#gateway/model/alert.js'
import type { LaneKind } from '#gateway/model/lane.js'
import type { NotMonitored } from '#gateway/model/not-monitored.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import type { TransportStatus } from '#gateway/model/transport.js'
import type { UnhealthyReason, Vitals } from './check-in.js'

export interface VitalsOptions {
  readonly journal: {
    readonly alerts: Pick<AlertStore, 'active'>
    readonly outbox: Pick<OutboxStore, 'depths'>
    readonly damages: Pick<DamageStore, 'open'>
  }
  /** Whether the disk has refused a commit that is still waiting. */
  readonly refused: () => boolean
  readonly transports: readonly { status(): TransportStatus }[]
  /** Left out where nobody knows. */
  readonly clockTrusted?: () => boolean
  /** Null: somebody is monitored. */
  readonly notMonitored?: () => NotMonitored | null
}

/** What the gateway can prove of itself now. @param now epoch ms */
export function vitalsOf(
  { journal, refused, transports, clockTrusted, notMonitored }: VitalsOptions,
  now: number,
): Vitals {
  const reasons: UnhealthyReason[] = []
  if (refused()) reasons.push('commit-refused')
  const paused = notMonitored?.()
  // A kit that nobody wears may be switched off.
  if (!paused && !transports.some((transport) => listens(transport.status()))) reasons.push('no-source')
  const rest = {
    ...(clockTrusted && { clockTrusted: clockTrusted() }),
    ...(paused && { notMonitored: pauseOf(paused) }),
  }
  try {
    return {
      reasons,
      // An exercise is none of the alarms that a clinic sees.
      alerts: countsOf(journal.alerts.active().filter(({ condition }) => condition !== REHEARSAL)),
      oldestSeconds: agesOf(journal.outbox.depths(), now),
      journal: journal.damages.open().length > 0 ? 'damaged' : 'ok',
      ...rest,
    }
  } catch {
    reasons.push('journal-unreadable')
    return { reasons, alerts: countsOf([]), oldestSeconds: agesOf([], now), journal: 'unreadable', ...rest }
  }
}

const pauseOf = ({ reason, since, until }: NotMonitored) => ({
  reason,
  since: new Date(since).toISOString(),
  until: new Date(until).toISOString(),
})

/** A broker waits for devices that may sleep for a day; a kit that is waited for is not there. */
function listens({ state, url }: TransportStatus): boolean {
  return state === 'connected' || (state === 'waiting' && /^mqtts?\+broker:/.test(url))
}

function countsOf(alerts: readonly AlertTransition[]): Vitals['alerts'] {
  const [physiological, technical] = ALERT_KINDS.map((kind) => {
    const count = (priority: Priority) =>
      alerts.filter((alert) => alert.kind === kind && alert.priority === priority).length
    return Object.fromEntries(PRIORITIES.map((priority) => [priority, count(priority)])) as Record<Priority, number>
  }) as [Record<Priority, number>, Record<Priority, number>]
  return { physiological, technical }
}

function agesOf(lanes: readonly LaneDepth[], now: number): Vitals['oldestSeconds'] {
  const oldest = (...kinds: LaneKind[]) => {
    const waiting = lanes.flatMap(({ lane, oldestAt }) =>
      kinds.includes(lane.kind) && oldestAt !== null ? [oldestAt] : [],
    )
    return waiting.length === 0 ? null : Math.max(0, Math.round((now - Math.min(...waiting)) / 1000))
  }
  return { fhir: oldest('fhir', 'fhir-alert'), alert: oldest('alert'), anchor: oldest('anchor') }
}
