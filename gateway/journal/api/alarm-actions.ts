import type { AlarmAction } from '#gateway/model/alarm-action.js'

/** The acts of people on alarms. */
export interface AlarmActionStore {
  /** Latest first. */
  latest(limit: number): AlarmAction[]
  /** The latest that paused or resumed monitoring, however long ago; null: never. */
  lastPause(): AlarmAction | null
}
