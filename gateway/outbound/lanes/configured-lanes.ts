import { recipientKey } from '#gateway/alarms/dispatch/recipients.js'
import type { Config } from '#gateway/config/schema.js'
import type { JournalLanes } from '#gateway/journal/sqlite/sqlite-journal.js'

/** The lanes that a configuration asks for; the same for the gateway and for whoever opens its journal after it. */
export function configuredLanes({ fhir, alerts, chain }: Pick<Config, 'fhir' | 'alerts' | 'chain'>): JournalLanes {
  return {
    fhir: fhir.targets.map(({ name, mode }) => ({ name, alerts: mode === 'clear' })),
    alert: alertLanes(alerts),
    anchor: [chain.name],
  }
}

/** A lane for each contact, so that one who cannot be reached delays nobody else; for a channel without contacts, its own. */
export function alertLanes({ channels, contacts }: Pick<Config['alerts'], 'channels' | 'contacts'>): string[] {
  return channels.flatMap(({ name: channel }) => {
    const own = contacts.filter((contact) => contact.channel === channel)
    return own.length === 0 ? [channel] : own.map(({ id: contact }) => recipientKey({ channel, contact }))
  })
}
