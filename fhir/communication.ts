/** An alert that reached a channel → R4 Communication, `completed`. No value: the DetectedIssue it is about says which. */
import type { Communication } from '@medplum/fhirtypes'
import type { AlertContext, AlertEvent } from './detected-issue.js'
import { instant } from './observation.js'
import {
  alertIdentifier,
  CODES,
  COMMUNICATION_CATEGORY,
  gatewayIdentifier,
  IDENTIFIERS,
  logicalReference,
  patientIdentifier,
} from './systems.js'

/** http://hl7.org/fhir/request-priority. */
const PRIORITY = { high: 'stat', medium: 'urgent', low: 'routine' } as const

/**
 * @param channel the channel's name in the configuration, never an address.
 * @param deliveredAt epoch milliseconds.
 */
export function communicationOf(
  alert: AlertEvent,
  channel: string,
  deliveredAt: number,
  context: AlertContext,
): Communication {
  return {
    resourceType: 'Communication',
    identifier: [
      {
        system: IDENTIFIERS.communication,
        value: `${context.home}/${alert.alertId}/${alert.state}/${channel}`,
      },
    ],
    status: 'completed',
    category: [{ coding: [{ system: COMMUNICATION_CATEGORY, code: 'alert', display: 'Alert' }] }],
    priority: PRIORITY[alert.priority],
    subject: logicalReference('Patient', patientIdentifier(context.patient)),
    about: [logicalReference('DetectedIssue', alertIdentifier(context.home, alert.alertId))],
    sent: instant(deliveredAt),
    recipient: [{ display: channel }],
    sender: logicalReference('Device', gatewayIdentifier(context.home)),
    reasonCode: [
      {
        coding: [{ system: CODES.condition, code: alert.condition }],
        text: alert.state === 'cleared' ? `${alert.condition} cleared` : `${alert.condition} raised`,
      },
    ],
  }
}
