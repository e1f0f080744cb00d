import type { AlertTransition } from './alert.js'

/**
 * Why somebody is told.
 * raised · escalated: a further step of the chain, because nobody has acknowledged · reminder · acknowledged: so that the
 * others know · latched: the condition has gone, the alert waits for a person · silenced: be quiet until `until` ·
 * cleared · digest: several low ones at once, after quiet hours or once a day · test: somebody tries whether it arrives;
 * never owed by a lane.
 */
export const NOTIFICATION_REASONS = [
  'raised',
  'escalated',
  'reminder',
  'acknowledged',
  'latched',
  'silenced',
  'cleared',
  'digest',
] as const
export type NotificationReason = (typeof NOTIFICATION_REASONS)[number]

/** A notice may also be a test of its channel, which is no alert and is not stored. */
export const NOTICE_REASONS = [...NOTIFICATION_REASONS, 'test'] as const
export type NoticeReason = (typeof NOTICE_REASONS)[number]

/** One message to one recipient: a row that an alert lane owes. */
export interface Notification {
  /** Unique for ever and the same after a restart: stored twice, it is one. */
  readonly key: string
  /** Of a digest: the first it covers. */
  readonly alertId: string
  readonly reason: NotificationReason
  /** Name of the channel. */
  readonly channel: string
  /** Id of the contact; absent where the channel itself is told of everything. */
  readonly contact?: string
  /** Epoch ms. */
  readonly at: number
  /** Of `silenced`: epoch ms. */
  readonly until?: number
  /** Of a digest: all alerts in it. */
  readonly covers?: readonly string[]
}

/** To whom and why: of a Notification what a notice needs. */
export interface Telling {
  readonly key: string
  readonly reason: NoticeReason
  /** Epoch ms of the telling; that of the transition where left out. */
  readonly at?: number
  readonly contact?: string
  readonly address?: string
  readonly until?: number
  /** Of a digest: the alerts in it. */
  readonly covers?: readonly AlertTransition[]
  readonly acknowledgeUrl?: string
}

/** What became of one notification. */
export interface Told {
  readonly reason: NotificationReason
  readonly channel: string
  readonly contact?: string
  /** Epoch ms at which it was owed, and at which the channel took it: null where it has not. */
  readonly at: number
  readonly deliveredAt: number | null
  /** Whether it will not be tried again. */
  readonly rejected: boolean
  /** Why it has not been delivered. */
  readonly trouble?: string
}

/** A low-priority alert that a contact is told of later, in a digest. Kept until the digest is committed. */
export interface DigestItem {
  readonly contact: string
  readonly alertId: string
  /** Epoch ms of the raising. */
  readonly at: number
}

/** What one look at the alerts asks for. */
export interface Dispatch {
  readonly notifications: readonly Notification[]
  readonly digestItems: readonly DigestItem[]
}

/** What a restart knows of the alerts that are not over (the journal's `openDispatch`). */
export interface OpenDispatch {
  readonly open: readonly {
    /** Latest transition. */
    readonly alert: AlertTransition
    readonly notifications: readonly Notification[]
    /** Epoch ms; 0: not silenced. */
    readonly silencedUntil: number
  }[]
  readonly digest: readonly DigestItem[]
}

/** Decides who is told of what; told of new transitions, of the time, and of what people did. Epoch ms throughout. */
export interface Dispatching {
  take(transitions: readonly AlertTransition[], now: number): Dispatch
  tick(now: number): Dispatch
  silence(alertIds: readonly string[], until: number, now: number): Dispatch
  escalate(alertId: string, now: number): Dispatch
}
