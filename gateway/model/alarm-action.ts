import type { Actor } from './alert.js'

/** One thing that a person did to alarms: a row of the log, kept with who, how and when. */
export interface AlarmAction {
  readonly action: 'acknowledge' | 'silence' | 'inhibit' | 'release' | 'escalate' | 'pause' | 'resume' | 'rehearse'
  /** Epoch ms. */
  readonly at: number
  /** Which alerts; of an inhibition, its scope as text; of a pause of monitoring, its reason; of a rehearsal, what stands in its way. */
  readonly subjects: readonly string[]
  readonly actor: Actor
  /** Of a silence, an inhibition or a pause: epoch ms. */
  readonly until?: number
}
