import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import type { AlertKind, AlertState, AlertTransition, Priority } from '#gateway/model/alert.js'
import type { NoticeReason, Telling } from '#gateway/model/notification.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Reach } from '#gateway/platform/net/reach.js'
import { messageLines, type Surroundings } from '#gateway/wording/message.js'
import { type PreviewRules, previewOf } from '#gateway/wording/preview.js'

/** What a channel may tell the world of an alert: no value, no limit, no name, unless the site allows it in the preview. */
export interface AlertNotice {
  /** Unique in this home and the same for every attempt at this notice: far ends drop repetitions by it. */
  readonly key: string
  readonly reason: NoticeReason
  readonly alertId: string
  readonly condition: string
  readonly priority: Priority
  readonly kind: AlertKind
  readonly state: AlertState
  /** Epoch ms of the transition; of a reminder, an escalation or a digest its own. */
  readonly at: number
  /** Epoch ms at which the episode became active. */
  readonly raisedAt: number
  /** Pseudonym of the home. */
  readonly home: string
  /** Text for people, e.g. "HIGH: Low oxygen saturation (active since 14:02)". One line, but for a digest. */
  readonly preview: string
  /** For a subject: the home, and the preview's first line. */
  readonly subject: string
  /** What a doctor needs beside the preview, within what the site allows; a line a paragraph. */
  readonly details?: string
  /** Id of the contact it is for, and where the channel reaches them. */
  readonly contact?: string
  readonly address?: string
  /** Of `silenced`: epoch ms. */
  readonly until?: number
  /** A link of single use that acknowledges this alert; only where the site has configured one. */
  readonly acknowledgeUrl?: string
}

/** A way to reach people. All implementations pass `test/behaviours/channel.behaviour.ts`. */
export interface AlertChannel {
  readonly name: string
  /** Describes its configuration for people, without a secret or anything that lets somebody else send or read. */
  readonly about: string
  /**
   * For channels that send to an address: a sentence that says why it cannot be used, or is missing; null where it can.
   */
  addressProblem?(address: string | undefined): string | null
  /** How long a test message is seen or heard, ms. */
  readonly testMs?: number
  /** For channels at which people can acknowledge, e.g. by a button. There is one listener: the last one given. */
  onAcknowledged?(listener: (acknowledgement: Acknowledgement) => void): void
  /** As that of a transport: what will not pass by waiting is said at the start. @throws HomebeatError the misconfiguration */
  probe?(): Promise<void>
  /** Never rejects. The same notice may come twice; the far end is given what it needs to recognise it. */
  notify(notice: AlertNotice, signal: AbortSignal): Promise<DeliveryOutcome>
  /** For channels that hold something open. @param open alerts raised before the gateway started that are not over. */
  start?(open: readonly AlertNotice[]): Promise<void>
  stop?(): Promise<void>
}

/** Somebody who stands at the channel has seen these alerts. */
export interface Acknowledgement {
  readonly channel: string
  /** Epoch ms. */
  readonly at: number
  readonly alertIds: readonly string[]
}

/** What channels need of the world. */
export interface ChannelDependencies {
  readonly fetch: typeof fetch
  /** How a far end is reached that needs more than `fetch`; by that alone where left out. */
  readonly reach?: Reach
  /** Where the terminal channel writes; process.stderr in the gateway. */
  readonly stream: LineStream
  /** Pseudonym of the home. */
  readonly home: string
  /** Relative file names of the configuration start here. */
  readonly baseDir: string
  /** The gateway's own folder; its keys are in `keys/`. */
  readonly dataDir: string
  /** Longest wait for an answer; each channel has its own default. */
  readonly timeoutMs?: number
  /** The system's clock where left out. */
  readonly clock?: Clock
  /** Instead of the machine's own serial ports. */
  readonly serialBinding?: SerialBinding
}

/** The part of a stream that the terminal channel uses; process.stderr has it. */
export interface LineStream {
  write(text: string, done: (error?: Error | null) => void): unknown
}

export function noticeOf(
  transition: AlertTransition,
  home: string,
  telling: Telling = standing(transition),
  rules: PreviewRules = {},
  surroundings?: Omit<Surroundings, 'home'>,
): AlertNotice {
  const { alertId, condition, priority, kind, state, raisedAt } = transition
  const { key, reason, at = transition.at, contact, address, until, acknowledgeUrl } = telling
  const preview = previewOf(transition, telling, rules)
  const [first = ''] = preview.split('\n')
  const lines = surroundings ? messageLines(transition, { reason, at }, { ...surroundings, home }, rules) : []
  return {
    key,
    reason,
    alertId,
    condition,
    priority,
    kind,
    state,
    at,
    raisedAt,
    home,
    preview,
    subject: rules.label === undefined ? `${home}: ${first}` : first,
    ...(lines.length > 0 && { details: lines.join('\n') }),
    ...(contact !== undefined && { contact }),
    ...(address !== undefined && { address }),
    ...(until !== undefined && { until }),
    ...(acknowledgeUrl !== undefined && { acknowledgeUrl }),
  }
}

/** The telling of a transition that is told to nobody in particular. */
function standing({ alertId, state }: AlertTransition): Telling {
  return { key: `${alertId}:${state}`, reason: state === 'active' ? 'raised' : state }
}
