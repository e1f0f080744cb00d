import type { Priority } from '#gateway/model/alert.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { addressProblem } from './address.js'
import type { AlertChannel, AlertNotice, ChannelDependencies } from './channel.js'
import type { ChannelConfig } from './config.js'
import { bearerOf, fetchOf } from './credentials.js'
import { isGoodNews } from './good-news.js'
import { post } from './http-post.js'
import { opaqueId } from './opaque-id.js'

/** https://docs.ntfy.sh/publish/#limitations: what a server takes by default. */
const MAX_BYTES = 4096
/** https://docs.ntfy.sh/publish/: 5 breaks through "do not disturb", 4 sounds long, 2 is silent. */
const PRIORITY: Readonly<Record<Priority, string>> = { high: '5', medium: '4', low: '2' }
/** Emoji short codes. */
const TAG: Readonly<Record<Priority, string>> = { high: 'rotating_light', medium: 'warning', low: 'information_source' }

/**
 * POSTs each notice to a topic of an ntfy server.
 *
 * @throws HomebeatError `secret.*` for the token's file, `channel.insecure` for a token over plain HTTP.
 */
export function ntfyChannel(
  config: Extract<ChannelConfig, { type: 'ntfy' }>,
  dependencies: Pick<ChannelDependencies, 'fetch' | 'reach' | 'baseDir' | 'timeoutMs'>,
): AlertChannel {
  const { name, topic, tokenFile } = config
  const url = new URL(config.url)
  const { baseDir, timeoutMs } = dependencies
  const fetch = fetchOf(config, dependencies)
  // Read anew for each attempt: a token that was renewed holds at once.
  const authorization = () => bearerOf(name, url, tokenFile, baseDir)
  authorization()
  return {
    name,
    // Everybody who knows a topic can read it.
    about: `posts to a topic at ${url.origin}${tokenFile === undefined ? '' : ', with a token'}`,
    addressProblem: (address) => addressProblem(config, address, baseDir),
    async notify(notice, signal): Promise<DeliveryOutcome> {
      const problem = addressProblem(config, notice.address, baseDir)
      if (problem !== null) return { class: 'permanent', reason: problem }
      const target = new URL(url)
      target.pathname = `${url.pathname.replace(/\/+$/, '')}/${notice.address ?? topic}`
      const headers = () => ({ ...headersOf(notice), ...authorization() })
      return post({ fetch, ...(timeoutMs !== undefined && { timeoutMs }) }, target, headers, bodyOf(notice), signal)
    },
  }
}

/** What is longer than a server takes as a message would become a file: paragraphs are left out from the end. */
function bodyOf({ preview, details }: AlertNotice): string {
  const paragraphs = details?.split('\n') ?? []
  const cut = [...paragraphs]
  const whole = () => [
    preview,
    ...(cut.length > 0 ? ['', ...cut] : []),
    ...(cut.length < paragraphs.length ? ['…'] : []),
  ]
  while (cut.length > 0 && Buffer.byteLength(whole().join('\n')) > MAX_BYTES) cut.pop()
  return whole().join('\n')
}

function headersOf(notice: AlertNotice): Record<string, string> {
  const { priority, reason, home, acknowledgeUrl } = notice
  const good = isGoodNews(reason)
  return {
    'content-type': 'text/plain; charset=utf-8',
    title: `Homebeat ${home}`,
    priority: good ? PRIORITY.low : PRIORITY[priority],
    tags: good ? 'white_check_mark' : TAG[priority],
    // A server from 2.16 on shows a repetition in the place of the first; an older one shows it again.
    'x-sequence-id': opaqueId(home, notice.key),
    ...(acknowledgeUrl !== undefined && {
      click: acknowledgeUrl,
      actions: JSON.stringify([
        { action: 'http', label: 'Acknowledge', url: acknowledgeUrl, method: 'POST', clear: true },
      ]),
    }),
  }
}
