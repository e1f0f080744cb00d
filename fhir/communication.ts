/**
 * A message to one recipient → R4 CommunicationRequest when it is owed, and Communication when it was delivered or given
 * up. Neither has a payload, a value or an address: the DetectedIssue that they are about says what it was.
 */
import type { Communication, CommunicationRequest, Device, Reference } from '@medplum/fhirtypes'
import {
  type AlertContext,
  type AlertEvent,
  conditionConcept,
  contactReference,
  gatewayReference,
  issueReference,
  patientReference,
  REQUEST_PRIORITY,
} from './alert-event.js'
import { instant } from './instant.js'
import {
  alertIdentifier,
  COMMUNICATION_CATEGORY,
  COMMUNICATION_NOT_DONE_REASON,
  channelIdentifier,
  communicationIdentifier,
  logicalReference,
  requestIdentifier,
} from './systems.js'
import { writtenOver } from './written-over.js'

/** What the mapping needs of the gateway's Notification, which fits it. */
export interface Message {
  /** Unique per home. */
  readonly key: string
  readonly reason: 'raised' | 'escalated' | 'reminder' | 'acknowledged' | 'latched' | 'silenced' | 'cleared' | 'digest'
  /** The channel's name in the configuration, never an address. */
  readonly channel: string
  readonly contact?: string
  /** Epoch ms. */
  readonly at: number
  /** Of a digest: all alerts in it. */
  readonly covers?: readonly string[]
}

/** http://terminology.hl7.org/CodeSystem/communication-category. */
const CATEGORY = {
  raised: { code: 'alert', display: 'Alert' },
  escalated: { code: 'alert', display: 'Alert' },
  reminder: { code: 'reminder', display: 'Reminder' },
  acknowledged: { code: 'notification', display: 'Notification' },
  latched: { code: 'notification', display: 'Notification' },
  silenced: { code: 'notification', display: 'Notification' },
  cleared: { code: 'notification', display: 'Notification' },
  digest: { code: 'notification', display: 'Notification' },
} as const

/**
 * R4 CommunicationRequest, base resource; identifier `urn:homebeat:communication-request`, `<home>/<key>`.
 * @param status revoked: the channel refused the message for good, so that "no further activity should occur" (R4
 *   request-status).
 */
export function communicationRequestOf(
  message: Message,
  alert: AlertEvent,
  status: 'active' | 'completed' | 'revoked',
  context: AlertContext,
): CommunicationRequest {
  return {
    resourceType: 'CommunicationRequest',
    identifier: [requestIdentifier(context.home, message.key)],
    status,
    ...(status === 'revoked' ? { statusReason: NOT_DONE } : {}),
    ...common(message, alert, context),
    occurrenceDateTime: instant(message.at),
    authoredOn: instant(message.at),
    requester: gatewayReference(context),
  }
}

/** What is to be written over a CommunicationRequest that a server holds; null where nothing is. Its end stays. */
export function requestAfter(current: CommunicationRequest, ours: CommunicationRequest): CommunicationRequest | null {
  return current.status === 'active' ? writtenOver(current, ours) : null
}

/**
 * R4 Communication, `completed`, base resource; identifier `urn:homebeat:communication`, `<home>/<key>`.
 * @param deliveredAt epoch ms @throws RangeError where it is no time
 */
export function communicationOf(
  message: Message,
  alert: AlertEvent,
  deliveredAt: number,
  context: AlertContext,
): Communication {
  return {
    ...madeOf(message, context),
    status: 'completed',
    ...common(message, alert, context),
    sent: instant(deliveredAt),
  }
}

/** R4 Communication, `not-done`: the channel refused the message for good. */
export function communicationNotDone(message: Message, alert: AlertEvent, context: AlertContext): Communication {
  return {
    ...madeOf(message, context),
    status: 'not-done',
    statusReason: NOT_DONE,
    ...common(message, alert, context),
  }
}

function madeOf({ key }: Message, { home }: AlertContext) {
  return {
    resourceType: 'Communication',
    identifier: [communicationIdentifier(home, key)],
    basedOn: [logicalReference<CommunicationRequest>('CommunicationRequest', requestIdentifier(home, key))],
  } as const satisfies Partial<Communication>
}

const NOT_DONE = {
  coding: [{ system: COMMUNICATION_NOT_DONE_REASON, code: 'system-error', display: 'System Error' }],
  text: 'the channel refused it',
}

function common(message: Message, alert: AlertEvent, context: AlertContext) {
  const { reason, covers } = message
  return {
    category: [{ coding: [{ system: COMMUNICATION_CATEGORY, ...CATEGORY[reason] }] }],
    priority: REQUEST_PRIORITY[alert.priority],
    subject: patientReference(context),
    about: covers
      ? covers.map((id) => logicalReference('DetectedIssue', alertIdentifier(context.home, id)))
      : [issueReference(alert, context)],
    recipient: [recipientOf(message, context)],
    sender: gatewayReference(context),
    reasonCode: [{ ...conditionConcept(alert.condition, context), text: `${alert.condition} ${reason}` }],
  }
}

function recipientOf({ channel, contact }: Message, context: AlertContext): Reference<Device> {
  if (contact !== undefined) return contactReference(contact, context)
  return { identifier: channelIdentifier(context.home, channel), display: channel }
}
