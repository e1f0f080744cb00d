import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import type { ContactConfig } from '#gateway/alarms/dispatch/config.js'
import type { OutboxKind } from '#gateway/journal/api/outbox.js'
import type { LaneRoute } from '#gateway/journal/routing.js'
import { alertLane, type Recipient } from '#gateway/model/lane.js'
import type { ChainConfig } from '#gateway/outbound/chain/config.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'

/** The part of a configuration that says where alerts are sent. */
export interface AlertWays {
  readonly channels: readonly Pick<ChannelConfig, 'name'>[]
  readonly contacts: readonly Pick<ContactConfig, 'id' | 'channel'>[]
}

/** The part of a configuration that says where things are sent. */
export interface FarEnds {
  readonly fhir: { readonly targets: readonly Pick<TargetConfig, 'name' | 'mode'>[] }
  readonly alerts: AlertWays
  readonly chain?: Pick<ChainConfig, 'name'> | undefined
}

/** What a target gets about alerts. An alert names its condition: a target that is not in clear never gets one. */
const ABOUT_ALERTS: readonly OutboxKind[] = ['alert', 'notification', 'communication', 'undelivered', 'flag']

/** The lanes that a configuration asks for; the same for the gateway and for whoever opens its journal after it. */
export function configuredLanes({ fhir, alerts, chain }: FarEnds): LaneRoute[] {
  const targets = fhir.targets.flatMap(({ name, mode }) => fhirRoutes(name, mode))
  return [...alertLanes(alerts), ...targets, ...(chain ? [anchorRoute(chain.name)] : [])]
}

/** One lane for records; a clear target has another for alerts, so that a record that is refused delays none of them. */
export const fhirRoutes = (name: string, mode: 'clear' | 'sealed'): LaneRoute[] => [
  { lane: { kind: 'fhir', name }, takes: ['batch'] },
  ...(mode === 'clear' ? [{ lane: { kind: 'fhir-alert', name } as const, takes: ABOUT_ALERTS }] : []),
]

export const anchorRoute = (name: string): LaneRoute => ({ lane: { kind: 'anchor', name }, takes: ['batch'] })

export const alertRoute = (recipient: Recipient): LaneRoute => ({ lane: alertLane(recipient), takes: ['notification'] })

/** A lane for each contact, so that one who cannot be reached delays nobody else; for a channel without contacts, its own. */
export function alertLanes({ channels, contacts }: AlertWays): LaneRoute[] {
  return channels.flatMap(({ name: channel }) => {
    const own = contacts.filter((contact) => contact.channel === channel)
    const lanes = own.length === 0 ? [{ channel }] : own.map(({ id: contact }) => ({ channel, contact }))
    return lanes.map(alertRoute)
  })
}
