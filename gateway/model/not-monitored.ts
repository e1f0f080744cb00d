import type { Actor } from './alert.js'

/** Why nobody is to be watched for a while. */
export const PAUSE_REASONS = ['bath', 'away', 'hospital', 'deceased'] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]

/** A person has said that the patient is not monitored. */
export interface NotMonitored {
  readonly reason: PauseReason
  readonly actor: Actor
  /** Epoch ms. */
  readonly since: number
  readonly until: number
}
