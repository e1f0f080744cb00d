/** What a device may publish and read: one rule for its logins, its wills and what is forwarded to it. */
import { TOPIC_ROOT } from './address.js'

export interface TopicOwner {
  readonly id: string
  /** Prefixes beside `homebeat/v1/<id>/` that a device with firmware of its own publishes below, e.g. `tele/cuff`. */
  readonly topics?: readonly string[] | undefined
}

/** The prefixes that belong to a device, each with its last slash. Nothing else does. */
export function topicsOf({ id, topics = [] }: TopicOwner): readonly string[] {
  return [`${TOPIC_ROOT}${id}/`, ...topics.map((topic) => `${topic.replace(/\/+$/, '')}/`)]
}

/** Where a device says, or its last will says, that it is `online` or `offline`. */
export const statusTopic = (id: string): string => `${TOPIC_ROOT}${id}/status`

/** Where a device that is connected by its one-time code is given its credential. */
export const enrolmentTopic = (id: string): string => `${TOPIC_ROOT}${id}/enrolment`

/** @param topic of a PUBLISH or a will: without wildcards. */
export function mayPublish(device: TopicOwner, topic: string): boolean {
  const own = `${TOPIC_ROOT}${device.id}/`
  if (topic.startsWith(own) && topic.length > own.length) return true
  return topicsOf(device).some((prefix) => topic.startsWith(prefix) && topic.length > prefix.length)
}

/**
 * @param filter of a SUBSCRIBE. Wildcards are allowed behind a prefix of the device's own, so a filter that starts with
 * a wildcard, with `$share/` or with `$SYS/` is not.
 */
export function mayRead(device: TopicOwner, filter: string): boolean {
  return topicsOf(device).some((prefix) => filter.startsWith(prefix))
}

/** Whether one of two devices could speak for the other. */
export const overlap = (one: TopicOwner, other: TopicOwner): boolean =>
  topicsOf(one).some((a) => topicsOf(other).some((b) => a.startsWith(b) || b.startsWith(a)))

/** The payload of a status message: `online`, `offline`, or `{"status":"…"}`. @returns null for anything else. */
export function statusOf(payload: Uint8Array): 'online' | 'offline' | null {
  if (payload.byteLength > 200) return null
  let said: unknown = Buffer.from(payload).toString().trim()
  if (typeof said === 'string' && said.startsWith('{'))
    try {
      said = (JSON.parse(said) as { status?: unknown }).status
    } catch {
      return null
    }
  return said === 'online' || said === 'offline' ? said : null
}

/** Whether a topic is one that a filter names (MQTT 3.1.1, 4.7). */
export function matches(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split('/'), topic.split('/')]
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false
  }
  return wanted.length === levels.length
}

export const NO_TEXT = 'a text with NUL or with bytes that are no UTF-8'

/**
 * Whether a text of an MQTT packet is one (MQTT 3.1.1, 1.5.3): no NUL, and nothing that was no UTF-8, surrogates included,
 * which has become U+FFFD by now.
 */
export const isText = (text: string): boolean => !text.includes('\0') && !text.includes('\uFFFD')
