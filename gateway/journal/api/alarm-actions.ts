import type { AlarmAction } from '#gateway/model/alarm-action.js'

/** What people did. */
export interface AlarmActionStore {
  /** Latest first. */
  latest(limit: number): AlarmAction[]
}
