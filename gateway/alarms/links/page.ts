/**
 * The pages behind a link. Who holds one was told of the alarm: the page says again what their message said, and no more.
 * Nothing comes from elsewhere.
 */
import { createHash } from 'node:crypto'

const STYLE = `body{max-width:34rem;margin:10vh auto;padding:0 1.2rem;font:1.1rem/1.5 system-ui,sans-serif;color-scheme:light dark}
button{min-height:3.5rem;width:100%;font:inherit;font-weight:600;border:0;border-radius:.5rem;background:#0b6e69;color:#fff}`

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style><main><h1>${title}</h1>${body}</main></html>\n`

const ASK = `<form method="post"><button type="submit">I look after it</button></form>
<p>With the button you say that you know of the alarm and look after it. The others are told, and reminders end. It switches nothing off, and the alarm is not over by it.</p>`

/** @param alarm the line of the message that had the link @param lines what was said beside it */
export function askPage(alarm: string, lines: readonly string[]): string {
  const said = lines.map((line) => `<p>${escaped(line)}</p>`).join('')
  return page('Acknowledge the alarm?', `<p><strong>${escaped(alarm)}</strong></p>${ASK}${said}`)
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ESCAPES[sign] as string)

export const DONE_PAGE = page('Acknowledged', '<p>Thank you. The others are told that you look after it.</p>')

export function deadPage(call: readonly string[]): string {
  const numbers = call.map((line) => `<p>${escaped(line)}</p>`).join('')
  return page(
    'This link does not work',
    `<p>It has been used, has expired, or the alarm is over or somebody else looks after it. If in doubt, call.</p>${numbers}`,
  )
}

export const BUSY_PAGE = page('Too many attempts', '<p>Wait a minute and try again.</p>')

export const FAILED_PAGE = page('Not acknowledged', '<p>The gateway could not keep it. Try again, or call.</p>')

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}
