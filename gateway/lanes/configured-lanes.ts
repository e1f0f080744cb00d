import type { Config } from '#gateway/config/schema.js'
import type { JournalLanes } from '#gateway/journal/sqlite-journal.js'

/** The lanes that a configuration asks for; the same for the gateway and for whoever opens its journal after it. */
export function configuredLanes({ fhir, alerts, chain }: Pick<Config, 'fhir' | 'alerts' | 'chain'>): JournalLanes {
  return {
    fhir: fhir.targets.map(({ name, mode }) => ({ name, alerts: mode === 'clear' })),
    alert: alerts.channels.map(({ name }) => name),
    anchor: [chain.name],
  }
}
