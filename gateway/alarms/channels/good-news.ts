import type { NoticeReason } from '#gateway/model/notification.js'

const GOOD_NEWS: ReadonlySet<NoticeReason> = new Set(['acknowledged', 'silenced', 'cleared'])

/** Nobody has to come: it must not wake anybody, however high the alert's priority. */
export const isGoodNews = (reason: NoticeReason): boolean => GOOD_NEWS.has(reason)
