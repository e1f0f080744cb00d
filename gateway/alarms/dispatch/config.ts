/** `alerts.contacts`, `escalation`, `remindMinutes`, `quietHours`: who is told what, and when. */
import { z } from 'zod'
import { ALERT_KINDS, PRIORITIES } from '#gateway/model/alert.js'
import { ROLES } from '#gateway/model/role.js'
import { type ConfigProblem, differing, name } from '#gateway/platform/config-grammar.js'

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'give a time of day as "HH:MM", in the local time of the home')

/** From `from` to `to`, over midnight where `to` is the earlier; on these days only (1 Monday … 7 Sunday, of `from`). */
const hours = z.strictObject({
  from: timeOfDay,
  to: timeOfDay,
  days: z.array(z.number().int().min(1).max(7)).min(1).optional(),
})

const contact = z.strictObject({
  /** A pseudonym, e.g. `doctor-1`: it stands in logs, on the FHIR server and in the alarm log. */
  id: name,
  role: z.enum(ROLES),
  /** The name of one of `alerts.channels`. */
  channel: name,
  /** Where the channel reaches this contact, e.g. an e-mail address; kept at home. */
  address: z.string().min(1).max(2000).optional(),
  /** The contact is told only within these; at any time where left out. */
  hours: z.array(hours).max(20).default([]),
  /** What this contact is told of; by role where left out. */
  kinds: z.array(z.enum(ALERT_KINDS)).min(1).optional(),
  priorities: z.array(z.enum(PRIORITIES)).min(1).optional(),
  /** Low-priority alerts come once a day at this time, in one message. */
  digestAt: timeOfDay.optional(),
})

/** Who is told next when nobody has acknowledged. */
const escalationStep = z.strictObject({
  afterMinutes: z.number().min(0).max(1440),
  contacts: z.array(name).min(1).max(50),
})

const steps = z.array(escalationStep).max(10).default([])
const minutes = z.number().min(0).max(1440)

export const dispatchConfig = z.strictObject({
  contacts: differing(z.array(contact).max(50), 'id').default([]),
  /** By priority; where left out, every contact that wants the priority is told at once. */
  escalation: z.strictObject({ high: steps, medium: steps, low: steps }).prefault({}),
  /** Minutes after which those who know are told again, while nobody has acknowledged; 0: never. */
  remindMinutes: z
    .strictObject({ high: minutes.default(5), medium: minutes.default(30), low: minutes.default(0) })
    .prefault({}),
  /** Low-priority alerts wait until these are over. */
  quietHours: z.array(hours).max(10).default([]),
})

/** Contacts of a channel that is none, and chains of a contact that is none. */
export function* routingProblems(
  alerts: DispatchConfig & { readonly channels: readonly { readonly name: string }[] },
): Iterable<ConfigProblem> {
  const channels = alerts.channels.map(({ name }) => name)
  const ids = alerts.contacts.map(({ id }) => id)
  for (const [i, { channel }] of alerts.contacts.entries())
    if (!channels.includes(channel))
      yield {
        path: ['contacts', i, 'channel'],
        message: 'no such channel',
        missing: { name: channel, list: 'channels', known: channels },
      }
  for (const priority of PRIORITIES)
    for (const [i, { contacts }] of alerts.escalation[priority].entries())
      for (const [j, id] of contacts.entries())
        if (!ids.includes(id))
          yield {
            path: ['escalation', priority, i, 'contacts', j],
            message: 'no such contact',
            missing: { name: id, list: 'contacts', known: ids },
          }
}

export type DispatchConfig = z.output<typeof dispatchConfig>
export type ContactConfig = z.output<typeof contact>
