import type { ContactConfig } from '#gateway/alarms/dispatch/config.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { PreviewRules } from '#gateway/wording/preview.js'
import { type AlertChannel, noticeOf } from './channel.js'

/** Longer than any channel waits by itself, shorter than a verb waits for the running gateway. */
const TEST_PATIENCE_MS = 25_000

export interface ChannelEntry {
  readonly name: string
  readonly about: string
  /** Ids; empty: the channel itself is told of everything. */
  readonly contacts: readonly string[]
}

export interface ConfiguredChannelsOptions {
  readonly channels: readonly AlertChannel[]
  readonly contacts: readonly Pick<ContactConfig, 'id' | 'channel' | 'address'>[]
  /** Pseudonym of the home. */
  readonly home: string
  readonly preview?: PreviewRules
  readonly clock: Clock
}

/** Which channels there are, whom they reach, and whether they do. */
export class ConfiguredChannels {
  readonly #options: ConfiguredChannelsOptions

  constructor(options: ConfiguredChannelsOptions) {
    this.#options = options
  }

  list(): ChannelEntry[] {
    return this.#options.channels.map((channel) => ({
      name: channel.name,
      about: channel.about,
      contacts: this.#contactsOf(channel).map(({ id }) => id),
    }))
  }

  /**
   * Sends a message that is marked as a test through the channel's own code, as a high alert would come. It is no alert:
   * it stands in no log, and nothing stays open at the far end.
   *
   * @param contact id; may be left out where the channel has one contact or none.
   * @throws HomebeatError `channel.unknown`, `channel.contact`
   */
  async test(name: string, contact?: string): Promise<DeliveryOutcome> {
    const { channels, home, preview, clock } = this.#options
    const channel = channels.find((one) => one.name === name)
    if (!channel)
      throw new HomebeatError(
        'channel.unknown',
        `There is no alert channel ${name}: choose ${channels.map((one) => one.name).join(', ') || 'one and configure it under alerts.channels'}.`,
      )
    const recipient = this.#recipientOf(channel, contact)
    const at = clock.now()
    const telling = {
      key: `test:${at}:${channel.name}`,
      reason: 'test' as const,
      ...(recipient && { contact: recipient.id }),
      ...(recipient?.address !== undefined && { address: recipient.address }),
    }
    return channel.notify(noticeOf(testAt(at), home, telling, preview), AbortSignal.timeout(TEST_PATIENCE_MS))
  }

  #recipientOf(channel: AlertChannel, id: string | undefined) {
    const contacts = this.#contactsOf(channel)
    if (id === undefined && contacts.length <= 1) return contacts[0]
    const known = contacts.find((contact) => contact.id === id)
    if (known) return known
    const ids = contacts.map((contact) => contact.id).join(', ')
    throw new HomebeatError(
      'channel.contact',
      ids === ''
        ? `No contact uses the alert channel ${channel.name}: leave out --contact.`
        : `Say with --contact whom the alert channel ${channel.name} shall reach: ${ids}.`,
    )
  }

  #contactsOf({ name }: AlertChannel) {
    return this.#options.contacts.filter(({ channel }) => channel === name)
  }
}

function testAt(at: number): AlertTransition {
  const [condition, kind, priority] = ['test', 'technical', 'high'] as const
  return { alertId: `test-${at}`, condition, kind, priority, state: 'cleared', at, raisedAt: at }
}
