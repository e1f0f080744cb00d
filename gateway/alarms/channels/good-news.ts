import type { NoticeReason } from '#gateway/model/notification.js'

const GOOD_NEWS: ReadonlySet<NoticeReason> = new Set(['acknowledged', 'silenced', 'cleared'])

/** Notices after which nobody has to come: they must not wake anybody, whatever the alert's priority. */
export const isGoodNews = (reason: NoticeReason): boolean => GOOD_NEWS.has(reason)
