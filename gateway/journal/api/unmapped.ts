import type { KeptMessage, UnmappedCount } from '#gateway/model/unmapped.js'

/** Messages that became no reading and wait for a mapping. */
export interface UnmappedStore {
  counts(): UnmappedCount[]
  /** Newest first. */
  latest(limit: number): KeptMessage[]
  /** Oldest first, from the one after `id`. */
  after(id: number, limit: number): KeptMessage[]
  /** Whether any device has used up its room. */
  isFull(): boolean
  /** Deletes what waits of a device, because a person says so. @returns how many messages */
  discard(deviceId: string): number
}
