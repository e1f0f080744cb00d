/** The pages behind a link: no health value, no name, nothing from elsewhere. */
import { createHash } from 'node:crypto'

const STYLE = `body{max-width:34rem;margin:10vh auto;padding:0 1.2rem;font:1.1rem/1.5 system-ui,sans-serif;color-scheme:light dark}
button{min-height:3.5rem;width:100%;font:inherit;font-weight:600;border:0;border-radius:.5rem;background:#0b6e69;color:#fff}`

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style><main><h1>${title}</h1>${body}</main></html>\n`

export const ASK_PAGE = page(
  'Acknowledge the alarm?',
  `<p>You were sent this link because of an alarm. With the button you say that you know of it and look after it. The others are told, and reminders end. It switches nothing off.</p>
<form method="post"><button type="submit">I look after it</button></form>`,
)

export const DONE_PAGE = page('Acknowledged', '<p>Thank you. The others are told that you look after it.</p>')

export const DEAD_PAGE = page(
  'This link does not work',
  '<p>It has been used, has expired, or the alarm is over or somebody else looks after it. If in doubt, call.</p>',
)

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
