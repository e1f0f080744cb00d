import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import type { ContactConfig } from '#gateway/alarms/dispatch/config.js'
import { recipientKey } from '#gateway/alarms/dispatch/recipients.js'
import type { ChainConfig } from '#gateway/outbound/chain/config.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'

/** What of a configuration says where alerts are sent. */
export interface AlertWays {
  readonly channels: readonly Pick<ChannelConfig, 'name'>[]
  readonly contacts: readonly Pick<ContactConfig, 'id' | 'channel'>[]
}

/** What of a configuration says where things are sent. */
export interface FarEnds {
  readonly fhir: { readonly targets: readonly Pick<TargetConfig, 'name' | 'mode'>[] }
  readonly alerts: AlertWays
  readonly chain: Pick<ChainConfig, 'name'>
}

import type { JournalLanes } from '#gateway/journal/sqlite/sqlite-journal.js'

/** The lanes that a configuration asks for; the same for the gateway and for whoever opens its journal after it. */
export function configuredLanes({ fhir, alerts, chain }: FarEnds): JournalLanes {
  return {
    fhir: fhir.targets.map(({ name, mode }) => ({ name, alerts: mode === 'clear' })),
    alert: alertLanes(alerts),
    anchor: [chain.name],
  }
}

/** A lane for each contact, so that one who cannot be reached delays nobody else; for a channel without contacts, its own. */
export function alertLanes({ channels, contacts }: AlertWays): string[] {
  return channels.flatMap(({ name: channel }) => {
    const own = contacts.filter((contact) => contact.channel === channel)
    return own.length === 0 ? [channel] : own.map(({ id: contact }) => recipientKey({ channel, contact }))
  })
}
