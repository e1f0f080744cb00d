/**
 * What the console, the status verb and the demo's terminal view see of a running gateway. Filled by `main.ts`.
 */

import type { SensorKind } from '#fhir/measurement.js'
import type { JournalCheckDone, JournalDamage } from '#gateway/journal/api/damages.js'
import type { LaneDepth } from '#gateway/journal/api/outbox.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { AnchorReceipt } from '#gateway/model/batch.js'
import type { LiveAlert, LiveData, LiveValue } from '#gateway/model/live.js'
import type { NotMonitored } from '#gateway/model/not-monitored.js'
import type { RehearsalResult } from '#gateway/model/rehearsal.js'
import type { Role } from '#gateway/model/role.js'
import type { TransportStatus } from '#gateway/model/transport.js'
import type { UnmappedCount } from '#gateway/model/unmapped.js'
import type { ClockStatus } from '#gateway/time/timekeeper.js'

export interface GatewayStatus {
  readonly version: string
  readonly home: string
  readonly running: boolean
  /** Somebody has said that nobody is to be watched; null or left out: the person is monitored. */
  readonly notMonitored?: NotMonitored | null
  /** What became of the latest rehearsal of the alarm; null: there was none. */
  readonly rehearsal?: RehearsalResult | null
  readonly startedAt: number | null
  readonly now: number
  readonly transports: readonly TransportStatus[]
  readonly frames: { readonly received: number; readonly lost: number; readonly refused: number }
  readonly measurements: Readonly<Record<SensorKind, number>>
  /** Values under the `id` or `at` of another one; none where left out. */
  readonly identityConflicts?: number
  /** Messages that became no reading, by device; none where left out. */
  readonly unmapped?: readonly UnmappedCount[]
  readonly alerts: readonly LiveAlert[]
  /** Who may act on alerts by their pseudonym; left out where nobody is configured. */
  readonly contacts?: readonly { readonly id: string; readonly role: Role }[]
  readonly lanes: readonly LaneReport[]
  /** Of an earlier configuration, where something is left in them. */
  readonly formerLanes?: readonly LaneReport[]
  readonly fhir: { readonly accepted: number; readonly failed: number }
  readonly batches: {
    readonly closed: number
    readonly anchored: number
    readonly open: number
    readonly last: { readonly number: number; readonly root: string } | null
    readonly lastAnchor: AnchorReceipt | null
  }
  /** What the journal lost and nobody has taken note of yet; absent or []: nothing. */
  readonly damages?: readonly JournalDamage[]
  /** When every row was read last; null or absent: never yet. */
  readonly journalCheck?: JournalCheckDone | null
  /** Of a running gateway. */
  readonly clock?: ClockStatus
  readonly process: { readonly rssMb: number; readonly cpuSeconds: number } | null
}

/** How a lane stands; the lane by its key, e.g. `alert:sms/nurse-1`. */
/** `remark`: what its far end lacks, e.g. transactions. */
export type LaneReport = Omit<LaneDepth, 'lane'> & { readonly lane: string; readonly remark?: string }

export type LiveEvent =
  | LiveData
  | { readonly type: 'status'; readonly status: GatewayStatus }
  | { readonly type: 'alert'; readonly transition: AlertTransition }

export interface Feed {
  status(): GatewayStatus
  values(): readonly LiveValue[]
  /** Listeners are called synchronously and must not throw. Returns an unsubscribe function. */
  subscribe(listener: (event: LiveEvent) => void): () => void
}
