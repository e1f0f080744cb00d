import type { ContactConfig } from '#gateway/alarms/dispatch/config.js'
import type { ConfigProblem } from '#gateway/platform/config-grammar.js'
import type { ChannelConfig } from './config.js'
import { isMailbox } from './mailbox.js'
import { parseSubscription } from './push-subscription.js'

/** Why a channel cannot reach this address (of a contact, or none), or null. */
export function addressProblem(channel: ChannelConfig, address: string | undefined, baseDir: string): string | null {
  switch (channel.type) {
    case 'smtp':
      if (address === undefined) return 'no e-mail address: give the contact one as its address'
      return isMailbox(address) ? null : 'the address is not one plain e-mail address (somebody@example.org)'
    case 'ntfy': {
      const wanted = address ?? channel.topic
      if (wanted === undefined) return 'no topic: give the channel a topic, or the contact one as its address'
      return /^[-_A-Za-z0-9]{1,64}$/.test(wanted)
        ? null
        : 'the topic must be 1 to 64 letters, digits, hyphens and underscores'
    }
    case 'webpush': {
      const subscription = parseSubscription(address, baseDir)
      return typeof subscription === 'string' ? subscription : null
    }
    default:
      return null
  }
}

/** Contacts that their channel cannot reach, and channels that are to tell nobody in particular and cannot. Reads files. */
export function* addressProblems(
  { channels, contacts }: { readonly channels: readonly ChannelConfig[]; readonly contacts: readonly ContactConfig[] },
  baseDir: string,
): Iterable<ConfigProblem> {
  for (const [i, channel] of channels.entries()) {
    const users = [...contacts.entries()].filter(([, contact]) => contact.channel === channel.name)
    for (const [j, { address }] of users) {
      const message = addressProblem(channel, address, baseDir)
      if (message !== null) yield { path: ['alerts', 'contacts', j, 'address'], message }
    }
    const message = users.length > 0 ? null : addressProblem(channel, undefined, baseDir)
    if (message !== null) yield { path: ['alerts', 'channels', i], message: `no contact uses it, and ${message}` }
  }
}
