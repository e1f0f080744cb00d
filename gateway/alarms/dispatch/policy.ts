import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import { type AlertKind, PRIORITIES, type Priority } from '#gateway/model/alert.js'
import { ROLE_INTERESTS, type Role } from '#gateway/model/role.js'
import type { DispatchConfig } from './config.js'
import type { Hours, ZoneOffsetAt } from './hours.js'

export interface Contact {
  readonly id: string
  readonly role: Role
  readonly channel: string
  readonly hours: readonly Hours[]
  readonly kinds: readonly AlertKind[]
  readonly priorities: readonly Priority[]
  readonly digestAt?: string
}

export interface ChainStep {
  readonly afterMs: number
  readonly contacts: readonly string[]
}

export interface DispatchPolicy {
  /** Channels that no contact uses: they are told of everything, by themselves. */
  readonly broadcast: readonly string[]
  readonly contacts: readonly Contact[]
  /** Earliest first. Empty: all at once. */
  readonly chains: Readonly<Record<Priority, readonly ChainStep[]>>
  /** 0: never. */
  readonly remindMs: Readonly<Record<Priority, number>>
  readonly quietHours: readonly Hours[]
  readonly zone: ZoneOffsetAt
}

/** What of a configuration says who is told. */
export type AlertRouting = DispatchConfig & { readonly channels: readonly Pick<ChannelConfig, 'name'>[] }

export function policyOf(alerts: AlertRouting, zone: ZoneOffsetAt): DispatchPolicy {
  const used = new Set(alerts.contacts.map(({ channel }) => channel))
  const chain = (priority: Priority): ChainStep[] =>
    alerts.escalation[priority]
      .map(({ afterMinutes, contacts }) => ({ afterMs: afterMinutes * 60_000, contacts }))
      .sort((a, b) => a.afterMs - b.afterMs)
  const { remindMinutes } = alerts
  return {
    broadcast: alerts.channels.map(({ name }) => name).filter((name) => !used.has(name)),
    contacts: alerts.contacts.map(({ id, role, channel, hours, kinds, priorities, digestAt }) => ({
      id,
      role,
      channel,
      hours,
      kinds: kinds ?? ROLE_INTERESTS[role].kinds,
      priorities: priorities ?? ROLE_INTERESTS[role].priorities,
      ...(digestAt !== undefined && { digestAt }),
    })),
    chains: byPriority(chain),
    remindMs: byPriority((priority) => remindMinutes[priority] * 60_000),
    quietHours: alerts.quietHours,
    zone,
  }
}

function byPriority<Value>(of: (priority: Priority) => Value): Record<Priority, Value> {
  return Object.fromEntries(PRIORITIES.map((priority) => [priority, of(priority)])) as Record<Priority, Value>
}
