/**
 * What the console, the status verb and the demo's terminal view see of a running gateway. Filled by `main.ts`.
 */

import type { BodyPosition, Quality, SensorKind } from '#fhir/measurement.js'
import type { JournalDamage, LaneDepth } from '#gateway/journal/api/journal.js'
import type { ActionPath, AlertState, AlertTransition, Priority } from '#gateway/model/alert.js'
import type { AnchorReceipt } from '#gateway/model/batch.js'
import type { Role } from '#gateway/model/role.js'
import type { TransportStatus } from '#gateway/model/transport.js'
import type { UnmappedCount } from '#gateway/model/unmapped.js'
import type { ClockStatus } from '#gateway/time/timekeeper.js'

/** The latest value of one sensor, ready to show. `null` value: none yet, or the sensor says it has none. */
export interface LiveValue {
  readonly sensor: SensorKind
  /** Epoch ms of the value, or null. */
  readonly at: number | null
  readonly value: number | { readonly systolic: number; readonly diastolic: number } | BodyPosition | null
  /** UCUM code. */
  readonly unit: string
  readonly quality: Quality
  /** e.g. `probe-off`, `acquiring`. */
  readonly remarks: readonly string[]
}

export interface LiveAlert {
  readonly alertId: string
  readonly condition: string
  readonly kind: 'physiological' | 'technical'
  readonly priority: Priority
  readonly state: AlertState
  readonly raisedAt: number
  readonly at: number
  /** Contacts with their channel, and channels that are told of everything. */
  readonly deliveredTo: readonly string[]
  readonly acknowledged?: { readonly by: string; readonly via: ActionPath; readonly at: number }
  /** Epoch ms, while it lies ahead. */
  readonly silencedUntil?: number
}

export interface GatewayStatus {
  readonly version: string
  readonly home: string
  readonly running: boolean
  readonly startedAt: number | null
  readonly now: number
  readonly transports: readonly TransportStatus[]
  readonly frames: { readonly received: number; readonly lost: number; readonly refused: number }
  readonly measurements: Readonly<Record<SensorKind, number>>
  /** Messages that became no reading, by device; none where left out. */
  readonly unmapped?: readonly UnmappedCount[]
  readonly alerts: readonly LiveAlert[]
  /** Who may act on alerts by their pseudonym; left out where nobody is configured. */
  readonly contacts?: readonly { readonly id: string; readonly role: Role }[]
  readonly lanes: readonly LaneDepth[]
  /** Of an earlier configuration, where something is left in them. */
  readonly formerLanes?: readonly LaneDepth[]
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
  /** Of a running gateway. */
  readonly clock?: ClockStatus
  readonly process: { readonly rssMb: number; readonly cpuSeconds: number } | null
}

export type LiveEvent =
  | { readonly type: 'status'; readonly status: GatewayStatus }
  | { readonly type: 'value'; readonly value: LiveValue }
  /** Physical values for drawing; the first at `at`, `periodMs` apart; null is a gap. */
  | {
      readonly type: 'samples'
      readonly sensor: 'ecg' | 'emg' | 'airflow'
      readonly at: number
      readonly periodMs: number
      readonly unit: string
      readonly samples: readonly (number | null)[]
    }
  | { readonly type: 'alert'; readonly transition: AlertTransition }

export interface Feed {
  status(): GatewayStatus
  values(): readonly LiveValue[]
  /** Listeners are called synchronously and must not throw. Returns an unsubscribe function. */
  subscribe(listener: (event: LiveEvent) => void): () => void
}
