import type { Hour } from '#gateway/clinical/scores/hourly.js'

/** What each hour's values were. */
export interface HourlyStore {
  /** Replaces those of the same hour and number, and forgets what is older than `since` (epoch ms). */
  put(hours: readonly Hour[], since: number): void
  all(): Hour[]
}
