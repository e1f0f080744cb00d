import type { Config } from '#gateway/config/schema.js'
import type { OutboxKind } from '#gateway/journal/api/journal.js'
import type { LaneRoute } from '#gateway/journal/routing.js'
import { alertLane, type Recipient } from '#gateway/model/lane.js'

/** An alert names its condition: a target that is not in clear never gets one. */
const CLEAR: readonly OutboxKind[] = ['batch', 'alert', 'notification', 'communication', 'undelivered', 'flag']

/** The lanes that a configuration asks for; the same for the gateway and for whoever opens its journal after it. */
export function configuredLanes({ fhir, alerts, chain }: Pick<Config, 'fhir' | 'alerts' | 'chain'>): LaneRoute[] {
  return [
    ...alertLanes(alerts),
    ...fhir.targets.map(({ name, mode }) => fhirRoute(name, mode)),
    anchorRoute(chain.name),
  ]
}

export const fhirRoute = (name: string, mode: 'clear' | 'sealed'): LaneRoute => ({
  lane: { kind: 'fhir', name },
  takes: mode === 'clear' ? CLEAR : ['batch'],
})

export const anchorRoute = (name: string): LaneRoute => ({ lane: { kind: 'anchor', name }, takes: ['batch'] })

export const alertRoute = (recipient: Recipient): LaneRoute => ({ lane: alertLane(recipient), takes: ['notification'] })

/** A lane for each contact, so that one who cannot be reached delays nobody else; for a channel without contacts, its own. */
export function alertLanes({ channels, contacts }: Pick<Config['alerts'], 'channels' | 'contacts'>): LaneRoute[] {
  return channels.flatMap(({ name: channel }) => {
    const own = contacts.filter((contact) => contact.channel === channel)
    const lanes = own.length === 0 ? [{ channel }] : own.map(({ id: contact }) => ({ channel, contact }))
    return lanes.map(alertRoute)
  })
}
