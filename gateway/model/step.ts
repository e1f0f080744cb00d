/** What one step of the pipeline brought: of a frame, a tick, or an act of a person. */
import type { Measurement } from '#fhir/measurement.js'
import type { AlertTransition } from './alert.js'
import type { DeviceEvent, Refusal } from './decoded.js'
import type { LiveData } from './live.js'
import type { DigestItem, Notification } from './notification.js'
import type { UnmappedMessage } from './unmapped.js'

export interface PipelineStep {
  /** To be stored; may repeat what is stored already (the journal recognises it). */
  readonly measurements: readonly Measurement[]
  readonly transitions: readonly AlertTransition[]
  /** Who is to be told, and what waits for a digest. */
  readonly notifications: readonly Notification[]
  readonly digestItems: readonly DigestItem[]
  /** To be kept with its reason; `refused` says the same for the counts. */
  readonly unmapped?: readonly UnmappedMessage[]
  readonly live: readonly LiveData[]
  /** Lines the device sent that never came. */
  readonly lost: number
  readonly refused: Refusal | null
  /** Lines or messages in this step: 1, or 0 for transport events, ticks and flushes. */
  readonly received: number
  readonly events: readonly DeviceEvent[]
}

/** Whether a step brought anything that must become durable. */
export const asksForCommit = ({
  measurements,
  transitions,
  notifications,
  digestItems,
  unmapped = [],
}: PipelineStep): boolean =>
  measurements.length + transitions.length + notifications.length + digestItems.length + unmapped.length > 0
