import type { Actor } from './alert.js'

/** One thing that a person did to alarms: a row of the log, kept with who, how and when. */
export interface AlarmAction {
  readonly action: 'acknowledge' | 'silence' | 'inhibit' | 'release' | 'escalate'
  /** Epoch ms. */
  readonly at: number
  /** Which alerts; of an inhibition, its scope as text. */
  readonly subjects: readonly string[]
  readonly actor: Actor
  /** Of a silence or an inhibition: epoch ms. */
  readonly until?: number
}
