/**
 * The journal: a store for each kind of thing that it remembers. Nobody but the composition takes all of them. One
 * implementation (SQLite); tests use a real one in a temporary folder, never a fake.
 */
import type { SettingsJournal } from '#gateway/clinical/settings/patient-settings.js'
import type { Purgeable } from '#gateway/journal/retention/retention.js'
import type { Scrubbable } from '#gateway/journal/salvage/scrub.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { ManualObservationJournal } from '#gateway/model/manual-observation.js'
import type { AlarmActionStore } from './alarm-actions.js'
import type { AlertStore } from './alerts.js'
import type { AnchorStore } from './anchors.js'
import type { BatchStore } from './batches.js'
import type { ClockStore } from './clock.js'
import type { CommitStore } from './commit.js'
import type { DamageStore } from './damages.js'
import type { EpochKeyStore } from './epoch-keys.js'
import type { HourlyStore } from './hourly.js'
import type { MeasurementStore, StoredValues } from './measurements.js'
import type { NotificationStore } from './notifications.js'
import type { OutboxStore } from './outbox.js'
import type { QueueStore } from './queue.js'
import type { UnmappedStore } from './unmapped.js'

export interface Journal extends Lifecycle, CommitStore {
  readonly measurements: MeasurementStore
  readonly values: StoredValues
  readonly alerts: AlertStore
  readonly notifications: NotificationStore
  readonly alarmActions: AlarmActionStore
  readonly outbox: OutboxStore
  readonly queue: QueueStore
  readonly batches: BatchStore
  readonly anchors: AnchorStore
  readonly clock: ClockStore
  readonly epochKeys: EpochKeyStore
  readonly unmapped: UnmappedStore
  readonly settings: SettingsJournal
  readonly manualObservations: ManualObservationJournal
  readonly hourly: HourlyStore
  readonly damages: DamageStore
  readonly retention: Purgeable
  readonly scrub: Scrubbable
}

/** A read-only view, also while a gateway writes: for the verbs. Made by `openJournalReader(path)`; the caller closes it. */
export interface JournalReader extends Pick<Journal, 'alerts' | 'notifications' | 'alarmActions' | 'values'> {
  readonly measurements: Omit<MeasurementStore, 'unbatched'>
  readonly batches: Omit<BatchStore, 'close' | 'headKnown' | 'renumber' | 'continueFrom'>
  readonly outbox: Pick<OutboxStore, 'depths' | 'formerDepths'>
  readonly anchors: Omit<AnchorStore, 'saveTransaction' | 'saveReceipt'>
  readonly epochKeys: Omit<EpochKeyStore, 'put'>
  readonly settings: Pick<SettingsJournal, 'all'>
  readonly unmapped: Pick<UnmappedStore, 'counts' | 'latest'>
  readonly damages: Pick<DamageStore, 'open' | 'lastCheck'>
  close(): void
}
