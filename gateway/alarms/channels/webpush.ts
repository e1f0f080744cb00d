import { join } from 'node:path'
import type { Priority } from '#gateway/model/alert.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { systemClock } from '#gateway/platform/clock.js'
import { outcomeOfResponse } from '#gateway/platform/net/http-outcome.js'
import { addressProblem } from './address.js'
import type { AlertChannel, AlertNotice, ChannelDependencies } from './channel.js'
import type { ChannelConfig } from './config.js'
import { post } from './http-post.js'
import { threadId } from './opaque-id.js'
import { encryptPush, MAX_PUSH_BYTES, type PushKeys } from './push-encryption.js'
import { parseSubscription } from './push-subscription.js'
import { VapidKey } from './vapid.js'

/** RFC 8030, 5.3: `high` wakes a phone that saves its battery. */
const URGENCY: Readonly<Record<Priority, string>> = { high: 'high', medium: 'normal', low: 'low' }
/** For how long a push service keeps what it cannot deliver, in seconds. */
const TTL = 24 * 3600

export const vapidPath = (dataDir: string) => join(dataDir, 'keys', 'vapid.json')

/** Sends each notice, encrypted for one browser, to that browser's push service (RFC 8030, 8291, 8292). */
export function webPushChannel(
  config: Extract<ChannelConfig, { type: 'webpush' }>,
  dependencies: Pick<ChannelDependencies, 'fetch' | 'baseDir' | 'dataDir' | 'timeoutMs' | 'clock'>,
): AlertChannel {
  const { name, subject } = config
  const { baseDir, dataDir, clock = systemClock } = dependencies
  let key: Promise<VapidKey> | null = null
  /** Endpoints that the push service does not know any more. A new subscription has another one. */
  const gone = new Set<string>()
  const vapid = () => {
    key ??= VapidKey.loadOrCreate(vapidPath(dataDir)).catch((error: unknown) => {
      key = null
      throw error
    })
    return key
  }
  return {
    name,
    about: `web push as ${subject}`,
    addressProblem: (address) => addressProblem(config, address, baseDir),
    async notify(notice, signal): Promise<DeliveryOutcome> {
      if (signal.aborted) return { class: 'transient', reason: 'stopped before sending' }
      const subscription = parseSubscription(notice.address, baseDir)
      if (typeof subscription === 'string') return { class: 'permanent', reason: subscription }
      const { endpoint, keys } = subscription
      if (gone.has(endpoint.href))
        return { class: 'permanent', reason: `${GONE}, nothing more is sent to it: have its owner subscribe again` }
      const body = sealed(notice, keys)
      if (body === null) return { class: 'permanent', reason: 'the key in the push subscription is not valid' }
      let authorization: string
      try {
        authorization = await (await vapid()).authorization(endpoint, subject, clock.now())
      } catch (error) {
        return { class: 'transient', reason: `no VAPID key: ${error instanceof Error ? error.message : String(error)}` }
      }
      const headers = {
        'content-type': 'application/octet-stream',
        'content-encoding': 'aes128gcm',
        ttl: String(TTL),
        urgency: URGENCY[notice.priority],
        // A message that was not shown yet is replaced by the next of the same alert.
        topic: threadId(notice),
        authorization,
      }
      const outcome = await post(dependencies, endpoint, () => headers, body, signal, outcomeOfPush)
      if (outcome.class === 'permanent' && outcome.reason.endsWith(GONE)) gone.add(endpoint.href)
      return outcome
    },
  }
}

/** @returns null where the browser's key is no point of the curve */
function sealed(notice: AlertNotice, keys: PushKeys): Uint8Array<ArrayBuffer> | null {
  try {
    return encryptPush(payloadOf(notice), keys)
  } catch {
    return null
  }
}

/** The wire format; `test/fixtures/alerts/webpush-payload.json` holds an example. */
function payloadOf(notice: AlertNotice): Buffer {
  const { preview, alertId, reason, priority, home, at, raisedAt, acknowledgeUrl } = notice
  const json = (text: string) =>
    Buffer.from(
      JSON.stringify({
        ...{ version: 1, preview: text, alertId, reason, priority, home },
        ...{ at: new Date(at).toISOString(), raisedAt: new Date(raisedAt).toISOString() },
        ...(acknowledgeUrl !== undefined && { acknowledgeUrl }),
      }),
    )
  // A long digest is cut: the console has what is left out.
  for (let length = preview.length; ; length = Math.floor(length * 0.8)) {
    const payload = json(length < preview.length ? `${preview.slice(0, length)} …` : preview)
    if (payload.length <= MAX_PUSH_BYTES || length === 0) return payload
  }
}

const GONE = 'subscription gone'

function outcomeOfPush(...[status, headers]: Parameters<typeof outcomeOfResponse>): DeliveryOutcome {
  // RFC 8030, 7.3.
  if (status === 404 || status === 410) return { class: 'permanent', reason: `HTTP ${status}: ${GONE}` }
  // RFC 8292, 4.2: 403 where the subscription belongs to another key, 401 where the signature itself is not taken.
  if (status === 403)
    return {
      class: 'permanent',
      reason: 'HTTP 403: the subscription was made for another key (homebeat channel push-key prints ours)',
    }
  if (status === 401)
    return { class: 'transient', reason: 'HTTP 401: the push service refuses our signature; is the clock right?' }
  return outcomeOfResponse(status, headers)
}
