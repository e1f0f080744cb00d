import type { AlertTransition } from '#gateway/model/alert.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import { isWithinAny, type ZoneOffsetAt } from './hours.js'
import type { Contact, DispatchPolicy } from './policy.js'

/** The contacts of a step of the chain that are told now. */
export function contactsOf(policy: DispatchPolicy, alert: AlertTransition, step: number, now: number): Contact[] {
  const chain = policy.chains[alert.priority]
  const named = chain.length === 0 ? (step === 0 ? policy.contacts : []) : chainContacts(policy, chain[step]?.contacts)
  // A contact named in a chain is told, whatever the role would be told of otherwise.
  const wanted = chain.length === 0 ? named.filter((contact) => wants(contact, alert)) : named
  return wanted.filter(({ hours }) => onDuty(hours, now, policy.zone))
}

/**
 * Nobody of the whole chain is on duty: for a high priority everybody is told then, for somebody must be. Contacts of the
 * chain, or all who want the alert.
 */
export function everybodyOf(policy: DispatchPolicy, alert: AlertTransition): Contact[] {
  const chain = policy.chains[alert.priority]
  if (chain.length === 0) return policy.contacts.filter((contact) => wants(contact, alert))
  return chainContacts(policy, [...new Set(chain.flatMap(({ contacts }) => contacts))])
}

/** A rehearsal is for everybody whom an alarm of its priority would reach, of the person or of the equipment. */
function wants({ kinds, priorities }: Contact, { condition, kind, priority }: AlertTransition): boolean {
  return (condition === REHEARSAL || kinds.includes(kind)) && priorities.includes(priority)
}

function onDuty(hours: Contact['hours'], now: number, zone: ZoneOffsetAt): boolean {
  return hours.length === 0 || isWithinAny(hours, now, zone)
}

function chainContacts({ contacts }: DispatchPolicy, ids: readonly string[] = []): Contact[] {
  return ids.flatMap((id) => contacts.filter((contact) => contact.id === id))
}
