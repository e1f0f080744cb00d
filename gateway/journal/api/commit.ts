/** COMMIT: what one step makes durable, all or nothing. */
import type { Measurement } from '#fhir/measurement.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { DigestItem, Notification } from '#gateway/model/notification.js'
import type { UnmappedMessage } from '#gateway/model/unmapped.js'

export interface Commit {
  /** Timed by a clock that is not to be believed; written after all of that was moved, it is moved too. */
  readonly provisional?: boolean
  readonly measurements: readonly Measurement[]
  readonly transitions: readonly AlertTransition[]
  /** Messages that the alert lanes owe; each names an alert of `transitions` or one that is stored. */
  readonly notifications?: readonly Notification[]
  readonly digestItems?: readonly DigestItem[]
  /** Acts of people. */
  readonly actions?: readonly AlarmAction[]
  /** Messages that became no reading. Beyond their room (`UnmappedBounds`) they are counted, not kept. */
  readonly unmapped?: readonly UnmappedMessage[]
  /** Ids of kept messages that `measurements` were made of. */
  readonly mapped?: readonly number[]
}

export interface CommitStore {
  /**
   * Resolves when durable (group commit, `synchronous=FULL`); a transition flushes the group at once.
   * A measurement whose identifier is already stored is not stored again (that is success, not an error).
   * Rejects with HomebeatError `journal.*` when the disk refuses: nothing of the commit is then kept.
   */
  commit(commit: Commit): Promise<void>
}
