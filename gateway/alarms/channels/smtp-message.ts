import MailComposer from 'nodemailer/lib/mail-composer'
import type { Priority } from '#gateway/model/alert.js'
import type { AlertNotice } from './channel.js'
import { isGoodNews } from './good-news.js'
import { opaqueId, threadId } from './opaque-id.js'

/** Neither is in a standard; mail programs look at one or the other (RFC 2156 has Importance). */
const IMPORTANCE: Readonly<Record<Priority, Record<string, string>>> = {
  high: { 'X-Priority': '1 (Highest)', Importance: 'high' },
  medium: {},
  low: { 'X-Priority': '5 (Lowest)', Importance: 'low' },
}

/**
 * The message (RFC 5322) of a notice; `test/fixtures/alerts/smtp-message.eml` is an example.
 *
 * Its Message-ID is the same for every attempt. All messages of one alert refer to the same id, which no message bears:
 * mail programs show them as one conversation, whichever of them arrives first.
 *
 * @param date epoch ms
 */
export function composeMessage(notice: AlertNotice, from: string, to: string, date: number): Promise<Buffer> {
  const { home, alertId, key, preview, subject, details, priority, reason, acknowledgeUrl } = notice
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const thread = `<${threadId(notice)}.alert@${domain}>`
  const text = [
    preview,
    ...(acknowledgeUrl === undefined ? [] : [`Acknowledge: ${acknowledgeUrl}`]),
    details ?? `Home: ${home}`,
    `Alert: ${alertId}`,
    'Sent by Homebeat. It is not a certified medical device: in an emergency call your local emergency number.',
  ]
  return new MailComposer({
    from,
    to,
    subject,
    messageId: `<${opaqueId(home, key)}@${domain}>`,
    inReplyTo: thread,
    references: thread,
    date: new Date(date),
    headers: { ...(isGoodNews(reason) ? {} : IMPORTANCE[priority]), 'Auto-Submitted': 'auto-generated' },
    text: `${text.join('\n\n')}\n`,
    textEncoding: 'quoted-printable',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build()
}
